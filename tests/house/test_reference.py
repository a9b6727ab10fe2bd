"""The pages made from the code say what the code says."""

from __future__ import annotations

import re

import pytest

from events.queries import events
from jishi import reference
from jishi.reference.emits import told
from tests.shops.trades import Trades

MAKE = "PYTHONPATH=.:platform DJANGO_SETTINGS_MODULE=jishi.settings .venv/bin/python -m jishi.reference"


@pytest.mark.parametrize("name", reference.MODULES)
def test_the_page_is_what_the_code_makes_now(name):
    page, text = reference.made(name)
    kept = (reference.FOLDER / page).read_text(encoding="utf-8")
    assert kept.splitlines() == text.splitlines(), f"make it anew: {MAKE}"


def test_what_a_trade_tells_is_on_the_page_of_events_key_by_key(market):
    """The page is read off the source; this plays, and compares with what was written."""
    trades = Trades()
    trades.finished()
    trades.disputed(trades.shipped())
    market.pass_days(40)
    page = told()
    seen = events(after=0, limit=100_000, viewer=None)
    assert len({event["name"] for event in seen}) > 12
    for event in seen:
        assert set(event["payload"]) == set(page[event["name"]].keys), event["name"]


def test_every_door_of_the_page_says_whom_it_lets_in():
    page = (reference.FOLDER / "api.md").read_text(encoding="utf-8")
    doors = re.findall(r"^### `(?:GET|POST|PUT|PATCH|DELETE) /api/", page, re.M)
    assert len(doors) > 100
    assert len(re.findall(r"Scopes: (?:admin|member|read|operator)", page)) == len(doors)
