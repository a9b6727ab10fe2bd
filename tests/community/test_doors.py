"""A member sees their own standing; nobody else's key does."""

from __future__ import annotations

from tests.asking import Asking
from tests.community.club import Club
from worlds.checks import audit, explain


def test_a_member_sees_their_level_growth_and_hold_and_nobody_elses(club: Club) -> None:
    club.trade(123_456)
    club.night()
    ask = Asking()
    mine = ask("get", "/api/members/me/vip/", key=ask.member(club.alice))
    assert mine.status_code == 200
    assert mine.json() == {
        "member": club.alice,
        "level": 2,
        "level_holds_until": "2010-08-29T00:00:00+08:00",
        "growth_points": 1_234,
        "earned_level": 2,
        "spent_yuan": 1_234,
        "to_next_points": 1_766,
    }
    there = f"/api/members/{club.alice}/vip/"
    for key in (ask.member(club.alice), ask.read, ask.admin):
        assert ask("get", there, key=key).json() == mine.json()
    for other in (club.bob, club.carol):
        assert ask("get", there, key=ask.member(other)).status_code == 403
        public = ask("get", f"/api/members/{club.alice}/", key=ask.member(other)).json()
        assert "level" not in str(public)
        told = ask("get", "/api/events/?limit=1000", key=ask.member(other)).json()["results"]
        assert "vip.level_changed" not in {event["name"] for event in told}


def test_who_never_bought_is_v0_and_who_is_not_there_is_not_found(club: Club) -> None:
    ask = Asking()
    seen = ask("get", "/api/members/me/vip/", acting=club.bob).json()
    assert (seen["level"], seen["level_holds_until"], seen["to_next_points"]) == (0, None, 100)
    assert ask("get", "/api/members/999999/vip/").status_code == 404
    assert ask("get", "/api/members/me/vip/").json()["rule"] == "a_member_acts"


def test_the_highest_level_has_no_next(club: Club) -> None:
    club.lever(growth_per_yuan_points=1_000)
    club.trade(10_000)
    club.night()
    assert (club.level(), club.of()["to_next_points"]) == (6, None)


def test_the_club_is_explained_trade_by_trade_and_stands_among_the_audits(club: Club) -> None:
    order = club.trade(20_050)
    club.give_back(order, 51)
    club.night()
    told = explain("vip", [str(club.alice)])
    assert told["standing"] == club.of()
    assert [(row["order"], row["yuan"]) for row in told["trades"]] == [(order, 199)]
    assert audit()["vip"] == []
