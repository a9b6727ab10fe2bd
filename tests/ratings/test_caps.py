"""What a verdict counts: pairs, months, repetitions, tiny orders; against a plain retelling of the rules."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.batch import rows
from common.moments import SHANGHAI
from ratings.actions import reveal
from ratings.rules import CODE
from tests.ratings.fair import Fair
from tests.ratings.histories import Told, write
from worlds.pen import writing

DAY = 24


def counted(fair: Fair, told: list[Told], order: list[int] | None = None) -> list[tuple[int, str]]:
    """(points, reason) of each of the trades, revealed in that order, one by one."""
    with writing() as moment:
        ids = write(fair, told)
        for n in order if order is not None else range(len(ids)):
            reveal([ids[n]], at=moment.at)
    found = {
        key: (points, CODE[reason])
        for key, points, reason in rows("SELECT feedback_id, points, reason FROM ratings_weight")
    }
    return [found[key] for key in ids]


def oracle(began: datetime, told: list[Told]) -> list[tuple[int, str]]:
    """The rules told again, slowly, one pair and one trade at a time."""
    decided: dict[int, tuple[int, str]] = {}
    order = sorted(range(len(told)), key=lambda n: (told[n].hours, n))
    heads: dict[tuple[int, int, int], int] = {}
    months: dict[tuple[int, str], list[int]] = defaultdict(list)
    for n in order:
        t = told[n]
        if t.fen <= 100:
            decided[n] = (0, "tiny_order")
            continue
        key = (t.buyer, t.item, t.verdict)
        if t.verdict and key in heads and t.hours - heads[key] < 14 * DAY:
            decided[n] = (0, "same_item")
        else:
            heads[key] = t.hours
            decided[n] = (t.verdict, "counted")
        month = (began + timedelta(hours=t.hours)).astimezone(SHANGHAI).strftime("%Y-%m")
        months[t.buyer, month].append(n)
    for members in months.values():
        for sign in (1, -1):
            while sign * sum(decided[n][0] for n in members) > 6:
                last = max((n for n in members if decided[n][0] == sign), key=lambda n: (told[n].hours, n))
                decided[last] = (0, "pair_month")
    return [decided[n] for n in range(len(told))]


def test_the_seventh_good_of_a_pair_in_a_month_does_not_count(fair: Fair) -> None:
    found = counted(fair, [Told(1, item, item, 1) for item in range(7)])
    assert found == [(1, "counted")] * 6 + [(0, "pair_month")]


def test_the_seventh_bad_of_a_pair_in_a_month_does_not_count(fair: Fair) -> None:
    found = counted(fair, [Told(1, item, item, -1) for item in range(8)])
    assert sum(points for points, _ in found) == -6


def test_bads_make_room_for_goods_because_the_months_total_is_cut(fair: Fair) -> None:
    found = counted(fair, [Told(1, item, item, 1) for item in range(7)] + [Told(1, 9, 9, -1)])
    assert [points for points, _ in found] == [1] * 7 + [-1]


def test_two_buyers_have_a_limit_each(fair: Fair) -> None:
    found = counted(fair, [Told(buyer, item, item, 1) for buyer in (1, 2) for item in range(7)])
    assert sum(points for points, _ in found) == 12


def test_a_month_ends_at_midnight_in_shanghai_and_goes_by_the_trades_creation(fair: Fair) -> None:
    """The market begins on 1 March at 00:00 in Shanghai: hour 744 is the first of April."""
    assert fair.at.astimezone(SHANGHAI) == datetime(2010, 3, 1, tzinfo=SHANGHAI)
    march = [Told(1, item, 743, 1) for item in range(7)]
    april = [Told(1, 10 + item, 744, 1) for item in range(7)]
    found = counted(fair, march + april)
    assert [sum(p for p, _ in found[:7]), sum(p for p, _ in found[7:])] == [6, 6]


@pytest.mark.parametrize(("apart", "second"), [(14 * DAY - 1, (0, "same_item")), (14 * DAY, (1, "counted"))])
def test_the_same_item_counts_again_fourteen_days_later(
    fair: Fair, apart: int, second: tuple[int, str]
) -> None:
    assert counted(fair, [Told(1, 1, 0, 1), Told(1, 1, apart, 1)])[1] == second


def test_the_fourteen_days_run_from_the_one_that_counted(fair: Fair) -> None:
    found = counted(fair, [Told(1, 1, days * DAY, 1) for days in (0, 10, 20, 30, 33)])
    assert [points for points, _ in found] == [1, 0, 1, 0, 0]


def test_a_good_and_a_bad_on_one_item_are_two_pieces_of_news(fair: Fair) -> None:
    found = counted(fair, [Told(1, 1, 0, 1), Told(1, 1, 1, -1), Told(1, 1, 2, 1), Told(1, 1, 3, -1)])
    assert [points for points, _ in found] == [1, -1, 0, 0]


@pytest.mark.parametrize(("fen", "points"), [(100, 0), (101, 1)])
def test_an_order_of_one_yuan_counts_for_nothing(fair: Fair, fen: int, points: int) -> None:
    assert counted(fair, [Told(1, 1, 0, 1, fen=fen)])[0][0] == points


def test_a_neutral_counts_as_a_verdict_and_gives_no_point(fair: Fair) -> None:
    assert counted(fair, [Told(1, 1, 0, 0)]) == [(0, "counted")]


def test_a_month_cap_set_by_the_teacher_holds_from_the_next_trade_on(fair: Fair) -> None:
    fair.rated("amei", "bob", thing="甲")
    fair.rated("amei", "bob", thing="乙")
    fair.market.pass_hours(1)
    fair.set_lever(credit__pair_month_most_points=1)
    fair.rated("carl", "bob", thing="甲")
    fair.close_day()
    assert fair.points("bob") == 3  # amei's two trades keep the rules they were made under
    fair.rated("amei", "bob", thing="丙")
    fair.close_day()
    assert fair.points("bob") == 2  # amei's month is now limited to one


def test_the_verdicts_of_a_sealed_account_do_not_count_while_it_is_sealed(fair: Fair) -> None:
    from common.batch import execute

    fair.rated("amei", "bob")
    fair.rated("carl", "bob")
    fair.close_day()
    assert fair.points("bob") == 2
    execute("UPDATE members_member SET status = 'sealed' WHERE id = %s", [fair.ids["amei"]])
    fair.close_day()
    assert fair.points("bob") == 1
    execute("UPDATE members_member SET status = 'open' WHERE id = %s", [fair.ids["amei"]])
    fair.close_day()
    assert fair.points("bob") == 2


TRADES = st.lists(
    st.builds(
        Told,
        buyer=st.integers(1, 2),
        item=st.integers(1, 4),
        hours=st.integers(0, 60)
        | st.integers(0, 90 * DAY)
        | st.sampled_from([743, 744, 14 * DAY - 1, 14 * DAY, 28 * DAY]),
        verdict=st.sampled_from([1, 1, 1, 0, -1]),
        fen=st.sampled_from([9_900, 9_900, 9_900, 100, 101]),
    ),
    min_size=1,
    max_size=24,
)


@given(told=TRADES, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_decisions_equal_the_rules_told_slowly_in_whatever_order_feedback_is_revealed(
    fair: Fair, told: list[Told], shuffle: object
) -> None:
    order = list(range(len(told)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    began = fair.at
    with transaction.atomic():
        found = counted(fair, told, order)
        transaction.set_rollback(True)
    fair.ids.clear()
    fair.goods.clear()
    assert found == oracle(began, told)
