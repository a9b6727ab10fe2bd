"""A lever holds from its moment on; what was decided before stays as it was."""

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from django.db import DatabaseError, transaction

from common.batch import execute, one, rows
from common.errors import Invalid, NotFound
from regime import actions, queries
from worlds import actions as worlds
from worlds import hashing, pen
from worlds.current import use_world

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def change(market, changes, *, effective_at=None, why="to see what happens", by=None):
    with market.writing() as moment:
        return actions.change(changes, at=moment.at, by=by, why=why, effective_at=effective_at)


def window(at: datetime) -> int:
    return queries.at(at).feedback.window_days


def test_a_new_market_has_the_rules_it_was_founded_under(market):
    assert window(market.at) == 15
    assert queries.at(market.at).feedback.reveal == "sealed"


def test_a_market_has_no_rules_before_it_began(market):
    with pytest.raises(NotFound) as refused:
        queries.at(market.at - DAY)
    assert refused.value.rule == "moment_is_not_before_the_market"


def test_a_change_holds_at_once_when_no_moment_is_named(market):
    change(market, {"feedback.window_days": 20})
    assert window(market.at) == 20


def test_a_change_tomorrow_does_not_alter_today(market):
    change(market, {"feedback.window_days": 20}, effective_at=market.at + DAY)
    assert window(market.at) == 15
    assert window(market.at + DAY - timedelta(microseconds=1)) == 15
    assert window(market.at + DAY) == 20
    assert window(market.at + 400 * DAY) == 20


def test_a_change_dated_ahead_takes_effect_without_anybody_waking_it(market):
    change(market, {"feedback.window_days": 20}, effective_at=market.at + 10 * DAY)
    events = one("SELECT count(*) FROM events_event")
    market.pass_days(10)
    assert window(market.at) == 20
    assert one("SELECT count(*) FROM events_event") == events


def test_the_rules_of_a_past_moment_stay_what_they_were(market):
    placed_at = market.at
    market.pass_days(3)
    change(market, {"feedback.window_days": 20})
    assert window(placed_at) == 15
    assert window(market.at) == 20


def test_a_change_is_never_dated_in_the_past(market):
    market.pass_days(1)
    with pytest.raises(Invalid) as refused:
        change(market, {"feedback.window_days": 20}, effective_at=market.at - HOUR)
    assert (refused.value.field, refused.value.rule) == ("effective_at", "a_lever_never_changes_the_past")
    assert "later" in refused.value.way_out


def test_the_table_itself_refuses_a_lever_in_the_past(market):
    with pytest.raises(DatabaseError, match="a_lever_never_changes_the_past"), transaction.atomic():
        execute(
            "INSERT INTO regime_lever (id, name, value, effective_at, decided_at, regime, why)"
            " VALUES (9999, 'deal.expiry_days', '5', %s, %s, '', 'because')",
            [market.at - HOUR, market.at],
        )


@pytest.mark.parametrize("statement", ["UPDATE regime_lever SET value = '99'", "DELETE FROM regime_lever"])
def test_the_record_of_levers_is_append_only(market, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(statement)


def test_while_the_clock_stands_still_the_last_word_holds_and_the_first_is_kept(market):
    change(market, {"feedback.window_days": 20})
    change(market, {"feedback.window_days": 25})
    assert window(market.at) == 25
    said = [row["value"] for row in queries.history(lever="feedback.window_days")]
    assert said == ["15", "20", "25"]


def test_a_nearer_change_decided_later_leaves_the_farther_one_standing(market):
    change(market, {"feedback.window_days": 30}, effective_at=market.at + 5 * DAY)
    change(market, {"feedback.window_days": 20}, effective_at=market.at + 2 * DAY)
    seen = [window(market.at + n * DAY) for n in (0, 2, 4, 5, 9)]
    assert seen == [15, 20, 20, 30, 30]


def test_a_change_keeps_who_when_and_why(market):
    change(market, {"deal.expiry_days": 5}, effective_at=market.at + DAY, by=42, why="buyers asked for time")
    last = queries.history(lever="deal.expiry_days")[-1]
    assert (last["changed_by"], last["why"]) == (42, "buyers asked for time")
    assert (last["decided_at"], last["effective_at"]) == (market.at, market.at + DAY)
    assert queries.standing(market.at)["deal.expiry_days"]["changed_by"] is None
    assert queries.standing(market.at + DAY)["deal.expiry_days"]["id"] == last["id"]


@pytest.mark.parametrize("why", ["", "   ", "x" * 501, "a\x00b"])
def test_a_change_says_why(market, why):
    with pytest.raises(Invalid) as refused:
        change(market, {"deal.expiry_days": 5}, why=why)
    assert refused.value.field == "why"


def test_a_change_is_told_to_everybody(market):
    change(market, {"deal.expiry_days": 5, "trade.refund_pauses_confirm": False}, why="a trial")
    told = rows("SELECT is_public, payload::text FROM events_event WHERE name = 'regime.changed' ORDER BY id")
    assert [public for public, _ in told] == [True, True]
    facts = [orjson.loads(payload) for _, payload in told]
    assert [(f["lever"], f["before"], f["after"], f["why"]) for f in facts] == [
        ("deal.expiry_days", 3, 5, "a trial"),
        ("trade.refund_pauses_confirm", True, False, "a trial"),
    ]


def test_founding_a_market_is_no_change(market):
    assert rows("SELECT count(*) FROM events_event WHERE name = 'regime.changed'") == [(0,)]


def test_one_wrong_lever_stops_them_all_and_all_wrongs_are_named(market):
    with pytest.raises(Invalid) as refused:
        change(market, {"deal.expiry_days": 5, "deal.colour": 1, "trade.ship_by_hours": "soon"})
    assert [error["field"] for error in refused.value.errors] == ["deal.colour", "trade.ship_by_hours"]
    assert queries.at(market.at).deal.expiry_days == 3


def test_a_change_that_names_no_lever_is_refused(market):
    with pytest.raises(Invalid) as refused:
        change(market, {})
    assert refused.value.rule == "a_change_names_a_lever"


def test_levers_that_would_contradict_each_other_now_are_refused(market):
    with pytest.raises(Invalid) as refused:
        change(market, {"auction.bid_least_fen": 20_000})
    assert refused.value.rule == "least_is_not_above_most"
    change(market, {"auction.bid_least_fen": 20_000, "auction.bid_most_fen": 30_000})
    assert queries.at(market.at).auction.bid_least_fen == 20_000


def test_levers_that_would_contradict_each_other_next_week_are_refused_today(market):
    change(market, {"auction.bid_most_fen": 100}, effective_at=market.at + 7 * DAY)
    with pytest.raises(Invalid) as refused:
        change(market, {"auction.bid_least_fen": 200})
    assert refused.value.rule == "least_is_not_above_most"
    assert queries.at(market.at).auction.bid_least_fen == 5


def test_loading_another_regime_changes_only_what_differs(market):
    with market.writing() as moment:
        ids = actions.load("open-feedback", at=moment.at, why="the contrast lesson")
    assert len(ids) == 1
    assert queries.at(market.at).feedback.reveal == "open"
    assert queries.standing(market.at)["feedback.reveal"]["regime"] == "open-feedback"


def test_another_regime_can_be_dated_ahead(market):
    with market.writing() as moment:
        actions.load("taobao-today", at=moment.at, effective_at=moment.at + DAY)
    assert queries.at(market.at).trade.unpaid_close_hours == 72
    assert queries.at(market.at + DAY).trade.unpaid_close_hours == 24
    assert queries.diff("taobao-today", market.at + DAY) == []


def test_loading_the_regime_that_holds_changes_nothing(market):
    with market.writing() as moment:
        assert actions.load("thesis-2010", at=moment.at) == []


def test_a_regime_nobody_shipped_is_refused_with_the_choice(market):
    with pytest.raises(NotFound) as refused, market.writing() as moment:
        actions.load("taobao-1999", at=moment.at)
    assert "thesis-2010" in refused.value.way_out


def test_a_refused_change_leaves_no_trace_not_even_in_memory(market):
    with market.writing() as moment:
        try:
            with transaction.atomic():
                actions.change({"feedback.window_days": 99}, at=moment.at, by=None, why="then regretted")
                assert window(moment.at) == 99
                raise RuntimeError
        except RuntimeError:
            pass
        assert window(moment.at) == 15
        actions.change({"feedback.window_days": 20}, at=moment.at, by=None, why="better")
        assert window(moment.at) == 20
    assert window(market.at) == 20


def test_inside_the_pen_looking_up_the_rules_costs_no_statement(market, django_assert_num_queries):
    queries.at(market.at)
    with market.writing() as moment, django_assert_num_queries(0):
        for hours in range(100):
            queries.at(moment.at + hours * HOUR)


def test_one_jump_and_many_steps_end_under_the_same_rules(market):
    ahead = market.at + 3 * DAY
    change(market, {"feedback.window_days": 20}, effective_at=ahead)
    start = market.at

    def run(steps: int) -> tuple[int, str]:
        point = transaction.savepoint()
        for _ in range(steps):
            market.pass_hours(240 / steps)
        ended = window(market.at), hashing.state_hash()
        transaction.savepoint_rollback(point)
        return ended

    assert run(1) == run(10) == run(240)
    assert market.at == start


def test_the_same_change_said_in_another_time_zone_is_the_same_market(market):
    ahead = market.at + DAY

    def run(effective_at: datetime) -> str:
        point = transaction.savepoint()
        change(market, {"feedback.window_days": 20}, effective_at=effective_at)
        ended = hashing.state_hash()
        transaction.savepoint_rollback(point)
        return ended

    assert run(ahead) == run(ahead.astimezone(UTC)) == run(ahead.astimezone(timezone(timedelta(hours=-5))))


def test_a_lever_named_after_the_market_began_has_its_files_value(market):
    begun = [
        (effective_at, name, text, regime)
        for effective_at, name, text, regime in rows(
            "SELECT effective_at, name, value::text, regime FROM regime_lever ORDER BY effective_at, id"
        )
        if name != "deal.expiry_days"
    ]
    begun.append((market.at + DAY, "deal.a_lever_of_old", "7", ""))
    assert queries.made_of(begun).at(market.at + DAY).deal.expiry_days == 3


def test_the_pen_forgets_what_a_change_made_stale(market):
    with market.writing() as outer:
        assert pen.held() == outer
        with market.writing() as inner:
            actions.change({"feedback.window_days": 20}, at=inner.at, by=None, why="within")
        assert window(outer.at) == 20
    assert pen.held() is None


def test_a_fork_goes_its_own_way_and_a_reset_takes_the_change_back(committed_world):
    def rule(world) -> int:
        with use_world(world.schema):
            return window(pen.glance().at)

    def set_window(world, days: int) -> None:
        with use_world(world.schema), pen.writing() as moment:
            actions.change({"feedback.window_days": days}, at=moment.at, by=None, why="a trial")

    worlds.snapshot(committed_world, "before")
    fork, _ = worlds.fork(committed_world, f"{committed_world.name}f")
    try:
        set_window(fork, 20)
        set_window(committed_world, 25)
        assert (rule(fork), rule(committed_world)) == (20, 25)
        worlds.reset(committed_world, "before")
        assert (rule(fork), rule(committed_world)) == (20, 15)
    finally:
        worlds.drop(fork)
