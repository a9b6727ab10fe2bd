"""The three indices: what enters them, when they are published, and that nobody's stars can be found in
them."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.batch import dicts, execute, rows
from common.moments import start_of
from ratings import actions, queries
from ratings.actions import reveal
from ratings.queries import feedback
from ratings.recompute import daily
from ratings.rules import dispatch_stars
from regime.shipped import shipped
from tests.ratings.fair import Fair
from tests.ratings.histories import Told, write
from worlds.pen import writing


def publications(fair: Fair, nick: str = "bob") -> list[tuple[int, int, int, int]]:
    return rows(
        "SELECT answers, description, service, delivery FROM ratings_publication"
        " WHERE member_id = %s ORDER BY id",
        [fair.ids[nick]],
    )  # type: ignore[return-value]


def test_an_index_is_shown_only_after_three_peoples_answers(fair: Fair) -> None:
    for nick, stars in (("amei", (5, 4, 5)), ("bela", (4, 4, 5))):
        fair.rated(nick, "bob", stars=(*stars, 5, 5))
    fair.close_day()
    assert (publications(fair), fair.standing("bob").dsr) == ([], None)
    fair.rated("carl", "bob", stars=(4, 4, 5, 5, 5))
    assert fair.standing("bob").dsr is None
    fair.close_day()
    assert publications(fair) == [(3, 433, 400, 500)]
    assert fair.standing("bob").dsr["description"]["hundredths"] == 433


def test_three_answers_of_one_buyer_are_one_person_and_show_nothing(fair: Fair) -> None:
    for thing in ("甲", "乙", "丙"):
        fair.rated("amei", "bob", thing=thing, stars=(1,) * 5)
    fair.close_day()
    assert publications(fair) == []


def test_a_fourth_answer_does_not_move_what_is_shown_until_two_more_have_come(fair: Fair) -> None:
    for nick in ("amei", "bela", "carl"):
        fair.rated(nick, "bob")
    fair.close_day()
    for nick in ("dora", "emil"):
        fair.rated(nick, "bob", stars=(1,) * 5)
        fair.close_day()
        assert [row[0] for row in publications(fair)] == [3]
    fair.rated("fred", "bob", stars=(1,) * 5)
    fair.close_day()
    assert publications(fair)[-1][:2] == (6, 300)


def test_silence_hides_nobody_it_does_not_make_the_third_person(fair: Fair) -> None:
    for nick in ("amei", "bela", "carl"):
        fair.trade(nick, "bob")
    fair.market.pass_days(16)
    assert publications(fair) == [(3, 500, 500, 500)]  # three silences: five stars are no secret
    for nick in ("dora", "emil"):
        fair.trade(nick, "bob")
    fair.rated("fred", "bob", stars=(1,) * 5)
    fair.market.pass_days(16)
    assert len(publications(fair)) == 1


def say(fair: Fair, *buyers: int, silent: bool = False) -> None:
    """Each of these buyers' answers about bob is revealed now."""
    with writing() as moment:
        told = [
            Told(buyer, buyer, 0, 1, stars=(5,) * 3 if silent else (1,) * 3, silent=silent)
            for buyer in buyers
        ]
        reveal(write(fair, told), at=moment.at)


def test_who_spoke_and_left_the_window_unheard_does_not_silence_the_silent(fair: Fair) -> None:
    fair.set_lever(dsr__window_months=1)
    say(fair, 1, 2, 3)
    fair.close_day()
    say(fair, 4)
    for buyer in (5, 6, 7):
        fair.market.pass_days(14)
        say(fair, buyer, silent=True)
        fair.close_day()
    assert [row[:2] for row in publications(fair)] == [(3, 100), (3, 500)]


def test_a_ruling_that_takes_the_last_answers_withdraws_the_index(fair: Fair) -> None:
    keys = [fair.rated(nick, "bob") for nick in ("amei", "bela", "carl")]
    fair.close_day()
    with writing() as moment:
        orders = [fair.feedback(key)["order_id"] for key in keys]
        actions.strike(feedback.of_orders(orders), reason="fake_trade", why="", at=moment.at)
    assert fair.standing("bob").dsr is not None
    fair.close_day()
    assert fair.standing("bob").dsr is None
    assert [row[0] for row in publications(fair)] == [3, 0]


def test_a_market_of_before_is_given_the_counts_of_who_spoke(fair: Fair) -> None:
    """The migration's own statements come to what the daily runs have counted."""
    for buyers, silent in (((1, 2, 3), False), ((4, 5), True), ((6,), False), ((1, 2), False)):
        say(fair, *buyers, silent=silent)
        fair.close_day()
    kept = [f"SELECT id, spoken FROM ratings_{table} ORDER BY id" for table in ("credit", "index")]
    counted = [rows(statement) for statement in kept]
    assert (fair.ids["bob"] * 2, 6) in counted[0]
    assert counted[1] == [(fair.ids["bob"], 6)]
    execute("UPDATE ratings_credit SET spoken = 99")
    execute("UPDATE ratings_index SET spoken = 99")
    for statement in import_module("ratings.migrations.0003_who_spoke_is_counted").counted(
        "AND NOT w.silent"
    ):
        execute(statement)
    assert [rows(statement) for statement in kept] == counted


def test_only_the_first_three_trades_of_a_pair_in_a_month_enter(fair: Fair) -> None:
    keys = [fair.rated("amei", "bob", thing=thing, stars=(2,) * 5) for thing in ("甲", "乙", "丙", "丁")]
    assert [fair.weight(key)["description"] for key in keys] == [200, 200, 200, None]
    fair.market.pass_days(31)
    later = fair.rated("amei", "bob", thing="戊", stars=(2,) * 5)
    assert fair.weight(later)["description"] == 200


def test_lines_of_one_order_are_counted_one_by_one(fair: Fair) -> None:
    lines = fair.trade("amei", "bob", "甲", "乙", "丙", "丁")
    assert [fair.of(line, "buyer")["in_index"] for line in lines] == [True, True, True, False]


def test_delivery_is_mixed_with_the_recorded_dispatch(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob", wait=timedelta(hours=24, seconds=1))
    key = fair.rate("amei", line, stars=(5, 5, 5, 5, 5))
    fair.rate("bob", line)
    assert fair.weight(key)["delivery"] == 470  # 70 % of 500 and 30 % of 400
    [line] = fair.trade("bela", "bob", wait=timedelta(hours=24))
    key = fair.rate("bela", line, stars=(5, 5, 4, 5, 5))
    fair.rate("bob", line)
    assert fair.weight(key)["delivery"] == 430


def test_dispatch_is_worth_what_the_regimes_table_says_bounds_included() -> None:
    table = shipped("thesis-2010").regime.dsr.dispatch_stars
    hours = (0, 24, 48, 72, 120)
    assert [dispatch_stars(timedelta(hours=h), table) for h in hours] == [500, 500, 400, 300, 200]
    assert [dispatch_stars(timedelta(hours=h, seconds=1), table) for h in hours] == [500, 400, 300, 200, 100]
    assert dispatch_stars(None, table) is None


def test_answers_older_than_six_months_leave_and_an_empty_index_is_withdrawn(fair: Fair) -> None:
    for nick in ("amei", "bela", "carl"):
        fair.rated(nick, "bob")
    fair.close_day()
    fair.market.advance_to(start_of(date(2010, 9, 1)))  # the run for 31 August still has 1 March
    assert (fair.standing("bob").good_rate_bps, fair.standing("bob").dsr["answers"]) == (10_000, 3)
    fair.close_day()
    assert fair.standing("bob").dsr is None
    assert (fair.standing("bob").good_rate_bps, fair.points("bob")) == (None, 3)
    assert [row[0] for row in publications(fair)] == [3, 0]


def test_an_index_stands_beside_the_average_of_its_section(fair: Fair) -> None:
    for seller, stars in (("bob", 5), ("eve", 3)):
        for nick in ("amei", "bela", "carl"):
            fair.rated(nick, seller, stars=(stars,) * 5)
    fair.close_day()
    [average] = queries.averages()
    assert (average["section"], average["shops"], average["description"]) == (15, 2, 400)
    assert fair.standing("bob").dsr["service"] == {
        "hundredths": 500,
        "average_hundredths": 400,
        "above_bps": 2500,
    }
    assert fair.standing("eve").dsr["service"]["above_bps"] == -2500


def test_the_good_rate_counts_neutrals_below_and_not_above(fair: Fair) -> None:
    for nick, verdict in (("amei", "good"), ("bela", "neutral"), ("carl", "bad"), ("dora", "good")):
        fair.rated(nick, "bob", verdict)
    fair.close_day()
    there = fair.standing("bob")
    assert (there.good_rate_bps, there.recent_count, there.points, there.neutral) == (5_000, 4, 1, 1)


DAYS = st.lists(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 5), st.booleans()), max_size=4),
    min_size=2,
    max_size=10,
)


@given(days=DAYS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_index_moves_by_three_peoples_stars_or_by_none_and_then_at_once(
    fair: Fair, days: list[list[tuple[int, int, bool]]]
) -> None:
    with transaction.atomic():
        n, unheard, due = 0, [], []
        for day in days:
            with writing() as moment:
                told = []
                for buyer, stars, silent in day:
                    n += 1
                    told.append(
                        Told(buyer, n, 0, 1, stars=(5,) * 3 if silent else (stars,) * 3, silent=silent)
                    )
                reveal(write(fair, told), at=moment.at) if told else None
            fair.market.pass_days(1)
            unheard += day
            people = {buyer for buyer, _stars, silent in unheard if not silent}
            if len(people) >= 3 or (not people and len(unheard) >= 3):
                due.append(n)
                unheard = []
        assert [row[0] for row in rows("SELECT answers FROM ratings_publication ORDER BY id")] == due
        previous = None
        for row in dicts(
            "SELECT * FROM ratings_publication WHERE member_id = %s ORDER BY id", [fair.member("bob")]
        ):
            fresh = rows(
                "SELECT rater_id, silent FROM ratings_weight"
                " WHERE description IS NOT NULL AND subject_id = %s"
                ' AND "on" <= %s AND (%s::date IS NULL OR "on" > %s)',
                [fair.ids["bob"], row["on"], previous, previous],
            )
            people = {rater for rater, silent in fresh if not silent}
            assert len(people) >= 3 or (not people and len(fresh) >= 3)
            previous = row["on"]
        transaction.set_rollback(True)
    fair.ids.clear()
    fair.goods.clear()


def test_running_twice_on_a_day_changes_nothing(fair: Fair) -> None:
    for nick in ("amei", "bela", "carl"):
        fair.rated(nick, "bob")
    fair.close_day()
    before = publications(fair)
    daily.run(at=fair.at)
    assert publications(fair) == before
