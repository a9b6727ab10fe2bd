"""Clicks and views: what is valid is paid once, and only it is a page view that was bought."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from common.batch import dicts, one, rows
from common.errors import Conflict, Forbidden, Invalid, NotFound
from regime.actions import change
from search.alliance.actions import contracts, links, spaces, visits
from search.alliance.actions.links import NewLink
from search.alliance.actions.visits import Visit
from search.alliance.rules import Terms, bought
from tests.alliance.web import CLICK, SHARE, THOUSAND, Web
from tests.shops.trades import now


def test_a_click_its_charge_and_the_page_view_it_bought_are_one_fact(web: Web) -> None:
    """50 fen to the owner, a tenth on top from the seller, a tenth off at the owner's."""
    click = web.click(web.linked(web.accepted(CLICK), web.wardrobe))
    assert web.visit(click)["verdict"] == "valid"
    assert web.charges() == [(50, 5, 5)]
    assert web.page_views() == [("alliance", bought(click))]
    assert (web.fen("bob"), web.earned, web.fen("platform:fees")) == (100_000 - 55, 45, 10)
    assert rows("SELECT page, shop_id, listing_id FROM traffic_pageview") == [(5, web.shop, web.wardrobe)]


def test_a_refused_click_leaves_nothing(web: Web) -> None:
    token = web.linked(web.accepted())
    with pytest.raises(NotFound) as caught:
        web.do(visits.click, [Visit(token, "v1"), Visit("nowhere", "v2"), Visit(token, "v3")])
    assert (caught.value.rule, caught.value.rows) == ("link_exists", (1,))
    with pytest.raises(NotFound) as caught:
        web.do(visits.click, [Visit(token, "v1"), Visit(token, "v2", 10**6)])
    assert (caught.value.rule, caught.value.rows) == ("a_viewing_member_exists", (1,))
    assert (web.verdicts(), web.charges(), web.page_views()) == ([], [], [])


@pytest.mark.parametrize("who", ["wang", "bob"])
def test_ones_own_click_is_not_billed_and_its_view_not_bought(web: Web, who: str) -> None:
    web.click(web.linked(web.accepted()), member=getattr(web, who))
    assert (web.verdicts(), web.charges(), web.page_views()) == (["own"], [], [("direct", None)])


def test_a_repeat_counts_once_within_the_hours_and_anew_when_they_are_over(web: Web) -> None:
    token = web.linked(web.accepted())
    web.click(token)
    web.click(token)
    web.pass_time(hours=23, minutes=59)
    web.click(token)  # measured from the click that was paid: the repeats between do not lengthen it
    web.pass_time(minutes=1)
    web.click(token)
    assert web.verdicts() == ["valid", "repeat", "repeat", "valid"]
    assert [source for source, _ in web.page_views()] == ["alliance", "repeat", "repeat", "alliance"]
    assert len(web.charges()) == 2


def test_a_repeat_is_seen_by_cookie_and_by_member_and_within_one_batch(web: Web) -> None:
    token = web.linked(web.accepted())
    visitors = [("v1", None), ("v2", web.alice), ("v3", web.alice), ("v1", web.carol), ("v4", None)]
    web.do(visits.click, [Visit(token, visitor, member) for visitor, member in visitors])
    assert web.verdicts() == ["valid", "valid", "repeat", "repeat", "valid"]


def test_many_links_by_one_contract_are_one_ad(web: Web) -> None:
    contract = web.accepted()
    for listing in (None, web.wardrobe, web.listed()):
        web.click(web.linked(contract, listing))
    assert web.verdicts() == ["valid", "repeat", "repeat"]


def test_hours_of_nought_let_every_click_count(web: Web) -> None:
    web.do(change, {"auction.repeat_click_hours": 0}, by=None, why="试")
    token = web.linked(web.accepted())
    web.do(visits.click, [Visit(token, "v1")] * 3)
    assert web.verdicts() == ["valid"] * 3


def test_a_budget_is_never_overspent_to_the_fen(web: Web) -> None:
    """55 fen a click: 164 fen reach for two, 165 for three."""
    for budget, paid in ((164, 2), (165, 3)):
        token = web.linked(web.accepted(Terms("click", price_fen=50, budget_fen=budget)))
        before = len(web.charges())
        for n in range(4):
            web.click(token, f"b{budget}v{n}")
        assert len(web.charges()) - before == paid
    assert set(web.verdicts()) == {"valid", "over_budget"}
    assert web.verdicts().count("over_budget") == 3


def test_a_seller_without_money_is_not_billed_within_a_batch_either(market: Any) -> None:
    web = Web(fen=120)
    token = web.linked(web.accepted())
    web.do(visits.click, [Visit(token, f"v{n}") for n in range(4)])
    assert web.verdicts() == ["valid", "valid", "unfunded", "unfunded"]
    assert web.fen("bob") == 10
    assert [source for source, _ in web.page_views()] == ["alliance", "alliance", "direct", "direct"]


@pytest.mark.parametrize("what", ["contract", "space", "placement"])
def test_what_is_no_longer_open_brings_visitors_and_no_bill(web: Web, what: str) -> None:
    contract = web.accepted()
    token = web.linked(contract)
    if what == "contract":
        web.do(contracts.end, [contract], by=web.wang)
    else:
        web.do(spaces.close, what, [web.blog if what == "space" else web.banner], by=web.wang)
    web.click(token)
    assert (web.verdicts(), web.charges(), web.page_views()) == (["ended"], [], [("direct", None)])


def test_a_contract_sells_from_its_start(web: Web) -> None:
    from datetime import timedelta

    token = web.linked(web.accepted(Terms("click", price_fen=50, starts_at=now() + timedelta(hours=1))))
    web.click(token, "v1")
    web.pass_time(hours=1)
    web.click(token, "v2")
    assert web.verdicts() == ["ended", "valid"]


def test_an_offer_taken_back_sells_no_more(web: Web) -> None:
    web.offered()
    token = web.linked()
    web.click(token, "v1")
    web.offered(0)
    web.click(token, "v2")
    assert web.verdicts() == ["valid", "ended"]
    assert web.charges() == []
    assert web.page_views() == [("alliance", bought(1)), ("direct", None)]


def test_the_same_link_is_made_once_and_looks_like_a_token(web: Web) -> None:
    contract = web.accepted()
    assert web.linked(contract) == web.linked(contract) != web.linked(contract, web.wardrobe)
    assert re.fullmatch("[0-9a-f]{16}", web.linked(contract))
    assert one("SELECT count(*) FROM search_alliance_link") == 2


def test_a_link_needs_its_own_space_and_terms(web: Web) -> None:
    contract = web.proposed()
    cases = [
        (Forbidden, "own_space_only", NewLink(web.blog, web.shop), web.carol),
        (Conflict, "a_link_needs_an_offer", NewLink(web.blog, web.shop), web.wang),
        (Conflict, "a_link_needs_an_accepted_contract",
         NewLink(web.blog, web.shop, web.banner, None, contract), web.wang),
        (NotFound, "a_link_is_by_its_contract", NewLink(web.blog, web.shop, None, None, contract), web.wang),
        (NotFound, "a_link_leads_into_its_shop", NewLink(web.blog, web.shop, None, 10**6), web.wang),
        (NotFound, "a_link_stands_on_its_space", NewLink(web.blog, web.shop, 10**6), web.wang),
    ]  # fmt: skip
    for kind, rule, intent, by in cases:
        with pytest.raises(kind) as caught:
            web.do(links.link, [intent], by=by)
        assert caught.value.rule == rule
    own, _ = web.another_space(web.bob)
    web.offered()
    with pytest.raises(Invalid) as caught:
        web.do(links.link, [NewLink(own, web.shop)], by=web.bob)
    assert caught.value.rule == "a_link_leads_to_anothers_shop"


# -- by the thousand ------------------------------------------------------------------------------------------


def test_whole_thousands_are_billed_at_the_days_end_and_the_rest_is_carried_over(web: Web) -> None:
    token = web.linked(web.accepted(THOUSAND))
    web.shown(token, 2_999)
    assert web.charges() == []
    web.pass_time(days=1)
    web.shown(token)
    web.pass_time(days=2)
    assert web.charges("view_count", "earning_fen", "seller_fee_fen", "owner_fee_fen") == [
        (2_000, 4_000, 400, 400), (1_000, 2_000, 200, 200),
    ]  # fmt: skip
    [first, second] = web.charges("after_view", "last_view")
    assert (first, second) == ((0, 2_000), (2_000, 3_000))
    assert web.earned == 6_000 - 600
    days = [str(day) for (day,) in web.charges("day")]
    assert days == ["2010-03-01", "2010-03-02"]


def test_own_views_and_ended_contracts_are_counted_and_not_billed(web: Web) -> None:
    contract = web.accepted(THOUSAND)
    token = web.linked(contract)
    web.shown(token, 1_000, member=web.wang)
    web.shown(token, 999)
    web.do(contracts.end, [contract], by=web.bob)
    web.shown(token, 1_000)
    web.pass_time(days=1)
    assert web.charges() == []


def test_what_was_shown_before_the_end_is_billed_after_it(web: Web) -> None:
    contract = web.accepted(THOUSAND)
    web.shown(web.linked(contract), 1_000)
    web.do(contracts.end, [contract], by=web.bob)
    web.pass_time(days=1)
    assert len(web.charges()) == 1


def test_thousands_reach_no_further_than_budget_and_balance(market: Any) -> None:
    """2,200 fen a thousand, fee included: a budget of 5,000 reaches for two, a balance of 3,000 more for one."""
    web = Web(fen=7_500)
    tight, poor = (
        web.accepted(Terms("thousand_views", price_fen=2_000, budget_fen=5_000)),
        web.accepted(THOUSAND),
    )
    web.shown(web.linked(tight), 3_000)
    web.shown(web.linked(poor), 3_000)
    web.pass_time(days=1)
    assert web.charges("contract_id", "view_count") == [(tight, 2_000), (poor, 1_000)]
    assert web.contract(tight)["spent_fen"] == 4_400
    web.shown(web.linked(tight))
    assert one("SELECT verdict FROM search_alliance_view ORDER BY id DESC LIMIT 1") == "over_budget"


def test_views_are_not_page_views_and_clicks_of_a_thousand_cost_nothing(web: Web) -> None:
    token = web.linked(web.accepted(THOUSAND))
    web.shown(token, 3)
    assert web.page_views() == []
    click = web.click(token)
    assert (web.charges(), web.page_views()) == ([], [("alliance", bought(click))])


def test_a_click_by_commission_is_no_charge_yet(web: Web) -> None:
    web.click(web.linked(web.accepted(SHARE)))
    assert (web.charges(), web.verdicts()) == ([], ["valid"])
    assert one("SELECT earns FROM search_alliance_click") is True


def test_visits_are_judged_by_their_own_moments_and_paid_when_the_call_says(web: Web) -> None:
    web.do(change, {"auction.repeat_click_hours": 1}, by=None, why="试")
    token = web.linked(web.accepted())
    start = now()
    web.pass_time(hours=3)
    own = [start + timedelta(minutes=n) for n in (61, 30, 0)]  # the first of all is told last
    done = web.do(visits.click, [Visit(token, "v1", at=at) for at in own])
    assert [web.visit(each["id"])["verdict"] for each in done] == ["valid", "repeat", "valid"]
    assert [each["id"] for each in done] == [3, 2, 1]
    web.do(visits.view, [Visit(token, "v2", at=own[0])])
    assert dicts("SELECT at FROM search_alliance_view") == [{"at": own[0]}]
    assert [row["at"] for row in dicts("SELECT at FROM traffic_pageview ORDER BY id")] == own[::-1]
    assert web.charges("at") == [(now(),)] * 2
    for verb in (visits.click, visits.view):
        with pytest.raises(Conflict) as refused:
            web.do(verb, [Visit(token, "v3"), Visit(token, "v3", at=start - timedelta(days=1))])
        assert (refused.value.rule, refused.value.rows) == ("a_visit_is_of_the_open_day", (1,))
