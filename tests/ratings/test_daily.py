"""The daily run adds up only what changed, and comes to what a rebuild from nothing comes to."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from common.batch import dicts, execute, rows
from common.errors import Refusal
from ratings import actions
from ratings.actions import Edit, reveal
from ratings.queries import feedback
from ratings.recompute import daily
from tests.ratings.fair import CREDIT, Fair
from tests.ratings.histories import Told, write
from worlds import hashing
from worlds.pen import writing


def happen(fair: Fair, draw: random.Random, n: int) -> None:
    """A day's chance: trades revealed, verdicts edited, trades struck and restored,
    an account sealed or opened."""
    with writing() as moment:
        told = [
            Told(draw.randint(1, 4), draw.randint(1, 5), draw.randint(0, 24 * 40),
                 draw.choice([1, 1, 1, 0, -1]),
                 stars=(draw.randint(1, 5), draw.randint(1, 5), draw.randint(1, 5)),
                 in_index=draw.random() < 0.8, fen=draw.choice([9_900, 9_900, 50]))
            for _ in range(draw.randint(0, 5))
        ]  # fmt: skip
        if told:
            reveal(write(fair, told), at=moment.at)
    shown = [row[0] for row in rows("SELECT id FROM ratings_feedback WHERE status = 'revealed' ORDER BY id")]
    if shown and draw.random() < 0.5:
        key = draw.choice(shown)
        try:
            with writing() as moment:
                actions.edit(
                    [Edit(key, fair.feedback(key)["rater_id"], draw.choice(["good", "deleted"]))],
                    at=moment.at,
                )
        except Refusal:
            pass
    if shown and draw.random() < 0.4:
        with writing() as moment:
            act = draw.choice(["strike", "restore"])
            some = feedback.of_orders([fair.feedback(draw.choice(shown))["order_id"]])
            if act == "strike":
                actions.strike(some, reason="fake_trade", why="", at=moment.at)
            else:
                actions.restore(some, why="", at=moment.at)
    if draw.random() < 0.2:
        execute(
            "UPDATE members_member SET status = %s WHERE nick = %s",
            [draw.choice(["open", "sealed"]), f"buyer{n % 4 + 1}"],
        )


@pytest.mark.parametrize("seed", range(6))
def test_after_any_history_the_daily_runs_equal_a_rebuild_from_nothing(fair: Fair, seed: int) -> None:
    """Windows of a month and of two, so that what was said leaves them while the story is told."""
    draw = random.Random(seed)
    fair.listing("bob")
    fair.set_lever(credit__good_rate_months=1, dsr__window_months=2)
    for n in range(12):
        happen(fair, draw, n)
        fair.market.pass_days(draw.choice([1, 1, 1, 2, 9, 33]))
    grown = [
        row
        for row in dicts(CREDIT)
        if any(row[name] for name in row if name not in ("id", "member_id", "role"))
    ]
    fair.rebuild()
    assert dicts(CREDIT) == grown != []


def test_a_lever_of_the_ladder_or_a_window_makes_everybody_be_added_up_anew(fair: Fair) -> None:
    for thing in "甲乙丙丁":
        fair.rated("amei", "bob", thing=thing)
    fair.close_day()
    assert fair.standing("bob").level == 1
    levels = [5, *fair_ladder()[1:]]
    fair.set_lever(credit__ladder_points=levels)
    fair.close_day()
    assert (
        fair.standing("bob").points,
        rows("SELECT level FROM ratings_credit WHERE id = %s", [fair.ids["bob"] * 2]),
    ) == (4, [(0,)])


def fair_ladder() -> list[int]:
    from ratings.rules import LADDER

    return list(LADDER)


def test_a_reveal_counts_from_the_run_after_its_day(fair: Fair) -> None:
    fair.rated("amei", "bob")
    assert fair.points("bob") == 0
    fair.market.advance_to(fair.at + timedelta(days=1) - timedelta(seconds=1))
    assert fair.points("bob") == 0
    fair.market.advance_to(fair.at + timedelta(seconds=1))
    assert fair.points("bob") == 1


def test_whoever_reaches_a_heart_is_told(fair: Fair) -> None:
    for thing in "甲乙丙丁":
        fair.rated("amei", "bob", thing=thing)
    fair.close_day()
    told = rows(
        "SELECT subject_id, payload->>'role', payload->>'after' FROM events_event"
        " WHERE name = 'grade.changed' ORDER BY id"
    )
    assert told == [(fair.ids["bob"], "seller", "1"), (fair.ids["amei"], "buyer", "1")] or told == [
        (fair.ids["amei"], "buyer", "1"), (fair.ids["bob"], "seller", "1")]  # fmt: skip
    fair.close_day()
    assert len(rows("SELECT 1 FROM events_event WHERE name = 'grade.changed'")) == 2


def story(fair: Fair) -> None:
    lines = [
        fair.trade(buyer, "bob", thing)[0]
        for buyer, thing in (("amei", "甲"), ("bela", "乙"), ("carl", "丙"))
    ]
    fair.rate("amei", lines[0], "bad", (1, 2, 3, 4, 5))
    fair.rate("bob", lines[0])
    fair.rate("bela", lines[1], "neutral")


def tables(fair: Fair) -> dict[str, str]:
    return {
        name: value
        for name, value in hashing.table_hashes().items()
        if name.startswith(("ratings", "events"))
    }


def test_one_jump_of_thirty_days_equals_thirty_jumps_of_one(fair: Fair) -> None:
    from django.db import transaction

    story(fair)
    with transaction.atomic():
        fair.market.pass_days(30)
        once = tables(fair)
        transaction.set_rollback(True)
    for _ in range(30):
        fair.market.pass_days(1)
    assert tables(fair) == once


def test_a_run_at_a_wrong_moment_does_nothing(fair: Fair) -> None:
    fair.rated("amei", "bob")
    fair.close_day()
    before = tables(fair)
    daily.run(at=fair.at + timedelta(hours=5))
    assert tables(fair) == before
