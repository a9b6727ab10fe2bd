"""A level once reached lasts half a year; then growth decides."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.batch import execute
from common.errors import Refusal
from common.moments import moment
from community import queries
from regime import queries as regime
from tests.community.club import Club
from tests.market import Market
from tests.shops.stalls import events
from worlds.hashing import table_hashes


def test_growth_lifts_a_member_to_the_highest_level_it_reaches(club: Club) -> None:
    club.trade(9_999)
    club.night()
    assert club.told() == []
    club.trade(100)
    club.trade(300_000, club.carol)
    club.night()
    assert (club.level(), club.level(club.carol)) == (1, 3)
    assert club.told() == [(club.alice, 0, 1), (club.carol, 0, 3)]
    assert club.of(club.carol)["to_next_points"] == 7_000


def test_only_the_member_is_told(club: Club) -> None:
    club.trade(10_000)
    club.night()
    [(subject, members, said)] = events("vip.level_changed")
    assert (subject, members) == (club.alice, [club.alice])
    assert said["growth_points"] == 100
    assert moment(said["holds_until"]) == club.at + timedelta(days=180)


def test_a_level_holds_half_a_year_after_all_money_went_back_and_then_falls(club: Club) -> None:
    order = club.trade(300_000)
    club.trade(10_000)
    club.night()
    club.give_back(order, 300_000)
    club.night(179)
    assert (club.level(), club.growth(), club.of()["earned_level"]) == (3, 100, 1)
    club.night()
    assert (club.level(), club.growth()) == (1, 100)
    assert club.told() == [(club.alice, 0, 3), (club.alice, 3, 1)]


def test_a_level_holds_when_thresholds_rise(club: Club) -> None:
    club.trade(10_000)
    club.night()
    club.night(100)
    club.lever(vip_growth_points=[200, 1_000, 3_000, 10_000, 30_000, 100_000])
    club.night(79)
    assert (club.level(), club.of()["earned_level"]) == (1, 0)
    club.night()
    assert (club.level(), club.of()["level_holds_until"]) == (0, None)
    club.lever(vip_growth_points=[50, 1_000, 3_000, 10_000, 30_000, 100_000])
    club.night()
    assert club.told()[2:] == [(club.alice, 0, 1)], "and lower ones lift whoever reaches them"


def test_a_higher_level_holds_from_when_it_was_reached(club: Club) -> None:
    club.trade(10_000)
    club.night(100)
    order = club.trade(90_000)
    club.night()
    reached = club.at
    assert (club.level(), moment(club.of()["level_holds_until"])) == (2, reached + timedelta(days=180))
    club.give_back(order, 90_000)
    club.night(180)
    assert (club.level(), club.at) == (1, reached + timedelta(days=180))


def test_who_fell_and_climbs_again_has_reached_the_level_anew(club: Club) -> None:
    order = club.trade(10_000)
    club.night()
    club.give_back(order, 10_000)
    club.night(180)
    assert club.level() == 0
    club.trade(10_000)
    club.night()
    assert moment(club.of()["level_holds_until"]) == club.at + timedelta(days=180)


def test_a_hold_is_as_long_as_it_was_when_the_level_was_reached(club: Club) -> None:
    order = club.trade(10_000)
    club.night()
    club.lever(vip_level_least_days=1)
    club.give_back(order, 10_000)
    club.night(178)
    assert club.level() == 1
    club.trade(10_000, club.carol)
    club.night()
    assert moment(club.of(club.carol)["level_holds_until"]) == club.at + timedelta(days=1)


HOLD = 6  # nights that a level holds in these stories
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["trade", "back", "night", "a hold", "rate", "ladder"]),
        st.sampled_from([1, 99, 5_050, 30_001, 250_000]),
        st.booleans(),
    ),
    min_size=3,
    max_size=14,
)


class Oracle:
    """The rules once more, told night by night in plain numbers."""

    def __init__(self, club: Club) -> None:
        self.club = club
        self.left: dict[int, tuple[int, int]] = {}  # order -> its buyer, fen not given back
        self.levels: dict[int, tuple[int, datetime | None]] = {}

    def night(self, at: datetime) -> None:
        levers = regime.at(at).members
        for buyer in (self.club.alice, self.club.carol):
            growth = levers.growth_per_yuan_points * sum(
                fen // 100 for who, fen in self.left.values() if who == buyer
            )
            earned = bisect_right(levers.vip_growth_points, growth)
            level, until = self.levels.get(buyer, (0, None))
            if earned > level:
                level, until = earned, at + timedelta(days=levers.vip_level_least_days)
            elif until is not None and until <= at:
                level, until = earned, until if earned else None
            self.levels[buyer] = (level, until)

    def agrees(self) -> None:
        for buyer, (level, until) in self.levels.items():
            said = self.club.of(buyer)
            assert (said["level"], said["level_holds_until"] and moment(said["level_holds_until"])) == (
                level,
                until,
            )


def lived(club: Club, deeds: list[tuple[str, int, bool]]) -> None:
    club.lever(vip_level_least_days=HOLD)
    oracle = Oracle(club)
    for deed, fen, first in deeds:
        buyer = club.alice if first else club.carol
        if deed == "trade":
            oracle.left[club.trade(fen, buyer)] = (buyer, fen)
        elif deed == "back" and (
            orders := [o for o, (who, left) in oracle.left.items() if who == buyer and left]
        ):
            some = min(fen, oracle.left[orders[0]][1])
            try:
                club.give_back(orders[0], some)
            except Refusal:
                continue  # too late to ask
            oracle.left[orders[0]] = (buyer, oracle.left[orders[0]][1] - some)
        elif deed == "rate":
            club.lever(growth_per_yuan_points=fen % 7)
        elif deed == "ladder":
            club.lever(vip_growth_points=[fen, 300_000, 400_000, 500_000, 600_000, 700_000])
        else:
            for _ in range(1 if deed == "night" else HOLD):
                club.night()
                oracle.night(club.at)
        oracle.agrees()
        assert queries.odd(at=club.at) == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_whatever_happens_nights_come_to_what_a_rebuild_and_the_rules_told_once_more_come_to(
    club: Club, deeds: list[tuple[str, int, bool]]
) -> None:
    mark, goods = transaction.savepoint(), dict(club.goods)
    try:
        lived(club, [*deeds, ("night", 1, True)])
    finally:
        transaction.savepoint_rollback(mark)
        club.goods = goods


def test_one_long_jump_ends_as_many_small_ones(market: Market) -> None:
    """With everything else that nights do; a level holds three days here."""
    club = Club(market)
    club.lever(vip_level_least_days=3)
    order = club.trade(300_000)
    club.trade(10_000, club.carol)
    club.shipped((club.wardrobe, 2))
    club.asked(order, amount_fen=299_999)
    seen = []
    for hours in (288, 24, 7):
        mark = transaction.savepoint()
        end = market.at + timedelta(days=12)
        while market.at < end:
            market.advance_to(min(market.at + timedelta(hours=hours), end))
        changes = [(club.alice, 0, 3), (club.carol, 0, 1), (club.alice, 3, 0), (club.alice, 0, 1)]
        assert club.told() == changes, "the refund was silently agreed to; the parcel silently received"
        assert queries.odd(at=market.at) == []
        seen.append(table_hashes())
        transaction.savepoint_rollback(mark)
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize(
    ("corruption", "rule"),
    [
        ("spent_yuan = spent_yuan + 1, growth_points = growth_points + 1", "what a member spent"),
        ("growth_points = growth_points + 1", "growth and what it gives"),
        ("earned_level = 0", "growth and what it gives"),
        ("level = 6", "a level and its hold"),
        ("level_holds_until = level_holds_until + interval '1 day'", "a level and its hold"),
        ("earned_level = 0, level_holds_until = now() - interval '100 years'", "no level outlasts"),
    ],
)
def test_the_audit_names_who_is_wrong_and_which_rule(club: Club, corruption: str, rule: str) -> None:
    club.trade(10_000)
    club.trade(10_000, club.carol)
    club.night()
    mark = transaction.savepoint()
    execute(f"UPDATE community_vip SET {corruption} WHERE member_id = %s", [club.carol])
    found = queries.odd(at=club.at)
    assert any(row["rule"].startswith(rule) for row in found)
    assert {row["member"] for row in found} == {club.carol}
    transaction.savepoint_rollback(mark)


def test_the_audit_names_a_trade_nobody_counted_and_a_member_who_is_gone(club: Club) -> None:
    order = club.trade(10_000)
    club.night()
    mark = transaction.savepoint()
    execute("UPDATE shops_order SET refunded_fen = 101 WHERE id = %s", [order])
    assert [(row["member"], row["spent_yuan"], row["yuan"]) for row in queries.odd(at=club.at)] == [
        (club.alice, 100, 98)
    ]
    execute("DELETE FROM community_vip")
    assert {row["member"] for row in queries.odd(at=club.at)} == {club.alice}
    transaction.savepoint_rollback(mark)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("spent_yuan = -1", "spending_is_not_negative"),
        ("growth_points = -1", "growth_is_not_negative"),
        ("level = 7", "vip_levels_are_v0_to_v6"),
        ("earned_level = -1", "vip_levels_are_v0_to_v6"),
        ("earned_level = 2", "a_level_is_at_least_what_growth_gives"),
        ("level_holds_until = NULL", "a_level_says_how_long_it_holds"),
    ],
)
def test_the_table_refuses_what_cannot_be(club: Club, said: str, refused: str) -> None:
    club.trade(10_000)
    club.night()
    with pytest.raises(IntegrityError, match=refused), transaction.atomic():
        execute(f"UPDATE community_vip SET {said}")
