"""Spaces are opened and let: who may say what to whom, and what time does to what was said."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from common.batch import execute, one, settle
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from regime.actions import change
from search.alliance import rules
from search.alliance.actions import contracts, offers, spaces
from search.alliance.actions.contracts import Counter, Proposal
from search.alliance.actions.offers import NewOffer
from search.alliance.actions.spaces import NewPlacement, NewSpace
from search.alliance.queries import market as queries
from search.alliance.rules import CONTRACT_STATUSES, CONTRACT_STEP, CONTRACT_STEPS, Terms
from tests.alliance.web import CLICK, SHARE, THOUSAND, Web
from tests.shops.stalls import events
from tests.shops.trades import now


def refused(kind: type[Refusal], rule: str, web: Web, verb: Any, *args: Any, **more: Any) -> Refusal:
    with pytest.raises(kind) as caught:
        web.do(verb, *args, **more)
    assert caught.value.rule == rule
    return caught.value


def test_a_space_is_its_owners_and_named_once(web: Web) -> None:
    twice = settle(partial(spaces.open_spaces, at=now()), [NewSpace(web.wang, "王的博客", "blog")])
    assert [settled.refusal and settled.refusal.rule for settled in twice] == ["an_owner_names_a_space_once"]
    [other] = web.do(spaces.open_spaces, [NewSpace(web.carol, "王的博客", "forum")])
    assert other != web.blog
    refused(Forbidden, "own_space_only", web, spaces.close, "space", [web.blog], by=web.carol)
    refused(
        Forbidden, "own_space_only", web, spaces.add_placements, [NewPlacement(web.blog, "角")], by=web.carol
    )


@pytest.mark.parametrize(
    ("space", "rule"),
    [
        (NewSpace(10**6, "某", "blog"), "member_exists"),
        (NewSpace(1, "", "blog"), "name_is_of_its_length"),
        (NewSpace(1, "某", "palace"), "a_space_is_of_a_known_kind"),
        (NewSpace(1, "某", "blog", description="x" * 1_001), "description_is_of_its_length"),
    ],
)
def test_a_space_that_is_not_in_order_is_refused_and_named(web: Web, space: NewSpace, rule: str) -> None:
    fault = refused(Refusal, rule, web, spaces.open_spaces, [NewSpace(web.wang, "好", "blog"), space])
    assert fault.rows == (1,)
    assert one("SELECT count(*) FROM search_alliance_space") == 1


def test_a_closed_space_takes_no_placement_and_no_proposal_until_it_is_opened_again(web: Web) -> None:
    web.do(spaces.close, "space", [web.blog], by=web.wang)
    refused(Conflict, "a_closed_space_is_not_sold", web, spaces.add_placements,
            [NewPlacement(web.blog, "角")], by=web.wang)  # fmt: skip
    refused(Conflict, "a_closed_placement_is_not_sold", web, contracts.propose,
            [Proposal(web.banner, web.shop, CLICK)], by=web.bob)  # fmt: skip
    refused(Conflict, "close_from_open", web, spaces.close, "space", [web.blog], by=web.wang)
    web.do(spaces.reopen, "space", [web.blog], by=web.wang)
    assert web.proposed()


def test_the_last_offer_stands_and_nought_takes_it_away(web: Web) -> None:
    web.offered(1_000)
    web.offered(2_000)
    web.offered(3_000, web.wardrobe)
    standing = queries.some(queries.OFFERS, {"limit": 50})
    assert [(row["listing"], row["rate_bps"]) for row in standing] == [(None, 2_000), (web.wardrobe, 3_000)]
    web.offered(0)
    assert [row["listing"] for row in queries.some(queries.OFFERS, {"limit": 50})] == [web.wardrobe]


@pytest.mark.parametrize(("rate", "fine"), [(149, False), (150, True), (5_000, True), (5_001, False)])
def test_a_commission_is_within_the_levers(web: Web, rate: int, fine: bool) -> None:
    if fine:
        assert web.offered(rate)
        assert web.proposed(Terms("commission", rate_bps=rate))
    else:
        rule = "a_commission_is_within_the_levers"
        refused(Invalid, rule, web, offers.offer, [NewOffer(web.shop, rate)], by=web.bob)
        terms = Terms("commission", rate_bps=rate)
        refused(Invalid, rule, web, contracts.propose, [Proposal(web.banner, web.shop, terms)], by=web.bob)


def test_an_offer_is_on_ones_own_shop_and_goods(web: Web) -> None:
    refused(Forbidden, "own_shop_only", web, offers.offer, [NewOffer(web.shop, 500)], by=web.carol)
    refused(
        NotFound, "an_offer_is_on_own_goods", web, offers.offer, [NewOffer(web.shop, 500, 10**6)], by=web.bob
    )


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        (Terms("click"), "a_price_is_1_fen_or_more"),
        (Terms("click", price_fen=50, rate_bps=500), "terms_fit_the_sale"),
        (Terms("commission", rate_bps=500, price_fen=5), "terms_fit_the_sale"),
        (Terms("commission", rate_bps=500, budget_fen=5_000), "terms_fit_the_sale"),
        (Terms("click", price_fen=50, budget_fen=49), "a_budget_buys_something"),
        (Terms("gaze", price_fen=50), "a_space_is_sold_as_the_regime_says"),
    ],
)
def test_terms_that_do_not_fit_are_refused(web: Web, terms: Terms, rule: str) -> None:
    refused(Invalid, rule, web, contracts.propose, [Proposal(web.banner, web.shop, terms)], by=web.bob)


def test_dates_lie_ahead_and_in_order(web: Web) -> None:
    def with_dates(**dates: timedelta) -> list[Proposal]:
        given: dict[str, Any] = {name: now() + span for name, span in dates.items()}
        return [Proposal(web.banner, web.shop, Terms("click", price_fen=50, **given))]

    past, day = timedelta(seconds=-1), timedelta(days=1)
    refused(
        Invalid, "a_contract_starts_ahead", web, contracts.propose, with_dates(starts_at=past), by=web.bob
    )
    refused(Invalid, "a_contract_ends_after_it_starts", web, contracts.propose,
            with_dates(starts_at=day, ends_at=day), by=web.bob)  # fmt: skip
    late = [Proposal(web.banner, web.shop, CLICK, respond_by=now())]
    refused(Invalid, "a_proposal_waits_for_an_answer", web, contracts.propose, late, by=web.bob)


def test_what_the_regime_does_not_sell_is_not_sold(web: Web) -> None:
    with_pen_changed(web, {"alliance.sold_by": ["commission"]})
    refused(Invalid, "a_space_is_sold_as_the_regime_says", web, contracts.propose,
            [Proposal(web.banner, web.shop, CLICK)], by=web.bob)  # fmt: skip
    assert web.proposed(SHARE)


def with_pen_changed(web: Web, levers: dict[str, Any]) -> None:
    web.do(change, levers, why="试", by=None)


def test_either_side_proposes_and_the_other_answers(web: Web) -> None:
    mine, theirs = web.proposed(by=web.bob), web.proposed(THOUSAND, by=web.wang)
    refused(Forbidden, "the_other_side_may_accept", web, contracts.accept, [mine], by=web.bob)
    refused(Forbidden, "who_spoke_last_may_withdraw", web, contracts.withdraw, [mine], by=web.wang)
    refused(NotFound, "contract_exists", web, contracts.accept, [mine], by=web.carol)
    web.do(contracts.accept, [mine], by=web.wang)
    web.do(contracts.accept, [theirs], by=web.bob)
    assert [web.contract(c)["status"] for c in (mine, theirs)] == ["accepted", "accepted"]
    assert web.contract(mine)["starts_at"] == now()


def test_a_counter_offer_turns_the_table(web: Web) -> None:
    contract = web.proposed()
    web.do(
        contracts.counter, [Counter(contract, Terms("click", price_fen=80, budget_fen=8_000))], by=web.wang
    )
    row = web.contract(contract)
    assert (row["said_by"], row["price_fen"], row["budget_fen"]) == ("owner", 80, 8_000)
    refused(
        Forbidden,
        "the_other_side_may_counter",
        web,
        contracts.counter,
        [Counter(contract, CLICK)],
        by=web.wang,
    )
    web.do(contracts.accept, [contract], by=web.bob)
    assert web.contract(contract)["price_fen"] == 80


def test_a_contract_with_oneself_is_none(web: Web) -> None:
    [space] = web.do(spaces.open_spaces, [NewSpace(web.bob, "木匠之家", "blog")])
    [corner] = web.do(spaces.add_placements, [NewPlacement(space, "角")], by=web.bob)
    refused(Invalid, "a_contract_has_two_members", web, contracts.propose,
            [Proposal(corner, web.shop, CLICK)], by=web.bob)  # fmt: skip


def test_a_proposal_lapses_at_its_second(web: Web) -> None:
    contract = web.proposed()
    due = web.contract(contract)["respond_by"]
    assert due == now() + timedelta(days=3)
    assert web.at_the_edge(due, lambda: web.contract(contract)["status"]) == ("proposed", "lapsed")


def test_a_contract_runs_out_at_its_second_and_either_side_ends_it_before(web: Web) -> None:
    until = now() + timedelta(days=5)
    first, second = (web.accepted(Terms("click", price_fen=50, ends_at=until)) for _ in range(2))
    web.do(contracts.end, [second], by=web.bob)
    assert web.at_the_edge(until, lambda: web.contract(first)["status"]) == ("accepted", "ended")
    assert web.contract(second)["ended_at"] < web.contract(first)["ended_at"] == until


def test_every_pair_of_state_and_step_does_what_the_table_says(web: Web) -> None:
    """`said_by` is the shop: the owner answers, the shop withdraws, time needs nobody."""
    who = {"counter": web.wang, "accept": web.wang, "decline": web.wang, "withdraw": web.bob, "end": web.bob}
    contract = web.proposed(Terms("click", price_fen=50, ends_at=now() + timedelta(days=9)))
    for status in CONTRACT_STATUSES:
        for step in CONTRACT_STEPS:
            web.do(_put, contract, status)
            by = {"by": who[step.action]} if step.action in who else {}
            what = [Counter(contract, CLICK)] if step.action == "counter" else [contract]
            if status in CONTRACT_STEP[step.action].sources:
                web.do(getattr(contracts, step.action), what, **by)
                assert web.contract(contract)["status"] == step.target
            else:
                with pytest.raises(Conflict):
                    web.do(getattr(contracts, step.action), what, **by)


def _put(contract: int, status: str, *, at: Any) -> None:
    execute(
        "UPDATE search_alliance_contract SET status = %s, said_by = 'shop' WHERE id = %s",
        [status, contract],
    )


def test_only_the_two_sides_see_and_hear_of_a_contract(web: Web) -> None:
    contract = web.proposed()
    for viewer, seen in ((web.bob, 1), (web.wang, 1), (web.carol, 0), (None, 1)):
        assert len(queries.some(queries.CONTRACTS, {"limit": 50}, viewer=viewer)) == seen
    with pytest.raises(NotFound):
        queries.one_of(queries.CONTRACTS, "contract", contract, viewer=web.alice)
    assert [members for _, members, _ in events("alliance.contract_proposed")] == [[web.bob, web.wang]]


def test_the_first_purchase_of_a_view_is_numbered_below_nought_and_never_none() -> None:
    assert [rules.bought(click) for click in (1, 2, 3)] == [-2, -3, -4]
