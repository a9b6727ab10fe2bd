"""What buyers choose and what they hope for, as plain functions of what they see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from simulation.buyers import after
from simulation.buyers.following import PAID_CLICKS, PAID_FALLS, Session, slot_clicked

EVENLY = (np.arange(10_000) + 0.5) / 10_000


def chosen(here: list[int], keen: set[int]) -> dict[int, float]:
    """How often a buyer who saw `here` takes each, of goods equally good; 7 gone from the shelf meanwhile."""
    acts = SimpleNamespace(place={1: 0, 2: 1}, bought=[1.0, 1.0], pressed=[5.0, 3.0])
    session = cast("Any", SimpleNamespace(acts=acts, here=here, keen=keen))
    found = [Session._better(session, float(back)) for back in EVENLY]
    return {item: found.count(item) / len(found) for item in (1, 2, 7)}


def test_who_clicked_an_ad_takes_that_sooner_than_what_is_as_good() -> None:
    assert chosen([1, 2], set()) == {1: 0.5, 2: 0.5, 7: 0.0}
    assert chosen([1, 2], {1}) == pytest.approx({1: 5 / 6, 2: 1 / 6, 7: 0.0}, abs=1e-3)
    assert chosen([1, 2], {2}) == pytest.approx({1: 1 / 4, 2: 3 / 4, 7: 0.0}, abs=1e-3)


def test_nobody_takes_what_is_gone_from_the_shelf() -> None:
    assert chosen([7, 2, 7], {7}) == {1: 0.0, 2: 1.0, 7: 0.0}


def test_each_paid_place_is_clicked_less_than_the_one_above() -> None:
    clicked = [slot_clicked(float(tempted), 3) for tempted in EVENLY]
    shares = [clicked.count(slot) / len(clicked) for slot in (1, 2, 3)]
    assert shares[1] / shares[0] == pytest.approx(PAID_FALLS, rel=0.01)
    assert shares[2] / shares[1] == pytest.approx(PAID_FALLS, rel=0.01)
    alone = [slot_clicked(float(tempted), 1) for tempted in EVENLY]
    assert alone.count(1) / len(alone) == pytest.approx(PAID_CLICKS, abs=1e-3)


def test_buyers_hope_for_more_where_many_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after, "sold_lately", lambda now: np.array([0.0, 49.0, 2_000.0]))
    none, usual, much, guest = after.hopes(cast("Any", None), [0, 1, 2, -1])[:, 0].tolist()
    assert none < usual < much < 0.3, "a fraction of a star"
    assert usual == guest == 0.0, "of a shop that is nobody's of the population nothing special is expected"
