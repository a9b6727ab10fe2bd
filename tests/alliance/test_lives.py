"""Whatever is done in whatever order: money is moved and never made, and the books tell the same from every side."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from common.batch import one, rows
from common.errors import Refusal
from search.alliance.actions import contracts, offers, payouts, visits
from search.alliance.actions.offers import NewOffer
from search.alliance.actions.payouts import Payout
from search.alliance.actions.visits import Visit
from search.alliance.queries import statements
from search.alliance.queries.audit import audit
from search.alliance.rules import Terms
from search.alliance.shares import BASES, NONE_DUE, base_of, earning_of, standing
from tests.alliance.test_statements import FIRST
from tests.alliance.web import SHARE, Web
from tests.market import Market
from tests.shops.test_order_machine import STOCK, Life
from tests.shops.trades import now
from worlds import clock, hashing

# -- the arithmetic --------------------------------------------------------------------------------------------

fen = st.integers(0, 10**7)
bps = st.integers(0, 10_000)


@st.composite
def lines(draw: Any) -> tuple[dict[str, Any], list[int]]:
    """A commission of a paid line, and refunds that never give back more than was paid."""
    goods, postage, base = draw(st.integers(1, 10**7)), draw(fen), draw(st.sampled_from(BASES))
    row = {
        "goods_fen": goods, "postage_fen": postage, "base": base, "refunded_fen": 0,
        "earning_fen": earning_of(goods, postage, base, draw(bps)), "seller_fee_bps": draw(bps),
        "owner_fee_bps": draw(bps),
    }  # fmt: skip
    left, parts = goods + postage, []
    for _ in range(draw(st.integers(0, 6))):
        if left:
            parts.append(draw(st.integers(1, left)))
            left -= parts[-1]
    return row, parts


@given(lines())
def test_refunds_only_ever_lessen_a_commission_and_the_last_fen_takes_it_away(drawn: Any) -> None:
    row, parts = drawn
    before = standing(row)
    assert before.earning_fen == row["earning_fen"]
    for part in [*parts, row["goods_fen"] + row["postage_fen"] - sum(parts)]:
        row["refunded_fen"] += part
        after = standing(row)
        back = before.less(after)
        assert min(back.earning_fen, back.seller_fee_fen, back.owner_fee_fen) >= 0
        assert after.owner_fee_fen <= after.earning_fen, "an owner is never charged more than was earned"
        before = after
    assert before == NONE_DUE


@given(lines())
def test_a_commission_stays_in_proportion_to_what_is_left_within_a_fen(drawn: Any) -> None:
    row, parts = drawn
    row["refunded_fen"] = sum(parts)
    total = row["goods_fen"] + row["postage_fen"]
    base = base_of(row["goods_fen"], row["postage_fen"], row["base"])
    exact = row["earning_fen"] * (total - row["refunded_fen"]) / total
    assert abs(standing(row).earning_fen - exact) <= 1 + row["earning_fen"] / base


# -- random lives ----------------------------------------------------------------------------------------------


class BroughtLife(Life):
    """The life of orders, with visitors brought by wang's blog and refunds after success too."""

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.savepoint()
        self.trades: Web = Web(1_000_000, seven_day_return=True)
        web = self.trades
        self.goods = [
            web.listed(f"货{n}", delivery=delivery, stock=STOCK, price_fen=price, postage_fen=postage)
            for n, (delivery, price, postage) in enumerate(
                (("express", 3_333, 800), ("mail", 100, 0), ("auto", 17, 0), ("virtual", 7_001, 3))
            )
        ]
        self.money = self.all_money()
        web.offered(1_500)
        self.tokens = [
            web.linked(),
            web.linked(web.accepted(Terms("click", price_fen=33, budget_fen=400))),
            web.linked(web.accepted(SHARE)),
            web.linked(web.accepted(Terms("thousand_views", price_fen=999, budget_fen=2_500))),
        ]
        web.click(self.tokens[0], "alices", web.alice)
        web.finished((self.goods[0], 2), (self.goods[3], 1))
        web.shipped((self.goods[0], 1), (self.goods[1], 9))

    @rule(
        token=st.integers(0, 3),
        who=st.sampled_from(["alice", "carol", "bob", "wang", ""]),
        cookie=st.integers(0, 3),
    )
    def click(self, token: int, who: str, cookie: int) -> None:
        member = getattr(self.trades, who) if who else None
        self.do(visits.click, [Visit(self.tokens[token], f"c{cookie}", member)])

    @rule(times=st.integers(1, 900))
    def show(self, times: int) -> None:
        self.do(visits.view, [Visit(self.tokens[3], f"c{n}") for n in range(times)])

    @rule(rate=st.sampled_from([0, 150, 777, 5_000]), own=st.booleans())
    def offer(self, rate: int, own: bool) -> None:
        self.do(
            offers.offer,
            [NewOffer(self.trades.shop, rate, self.goods[0] if own else None)],
            by=self.trades.bob,
        )

    @rule(pick=st.integers(0, 9))
    def end(self, pick: int) -> None:
        self.do(contracts.end, [pick], by=self.trades.wang)

    @rule(share=st.integers(1, 100))
    def pay_out(self, share: int) -> None:
        self.do(payouts.pay_out, [Payout(self.trades.wang, max(1, self.trades.earned * share // 100))])

    @precondition(lambda self: hasattr(self, "trades") and self.finished_lines())
    @rule(pick=st.integers(0, 99), share=st.sampled_from([1, 33, 50, 100]))
    def pay_back(self, pick: int, share: int) -> None:
        found = self.finished_lines()
        order, place, left = found[pick % len(found)]
        with suppress(Refusal):
            self.trades.refunded(order, max(1, left * share // 100), place)

    def finished_lines(self) -> list[tuple[int, int, int]]:
        """(order, place of the line, fen left of it) of finished trades."""
        return rows(
            """SELECT * FROM (SELECT o.id, (row_number() OVER (PARTITION BY o.id ORDER BY l.id) - 1)::int AS place,
                                     l.paid_fen + l.postage_fen - l.refunded_fen AS fen
                                FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
                               WHERE o.status = 'finished') f WHERE fen > 0 ORDER BY 1, 2"""
        )

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "tokens"):
            return
        super().the_books_agree()
        web = self.trades
        assert audit() == []
        span = (FIRST, FIRST + timedelta(days=3_000))
        sides = [
            statements.statement(*of, *span)
            for of in (("seller", web.bob), ("owner", web.wang), ("platform", None))
        ]
        assert sum(side["total"]["net_fen"] for side in sides) == 0
        taken = one(
            "SELECT coalesce(sum(amount_fen), 0)::bigint FROM payments_transfer WHERE kind = 'alliance_payout'"
        )
        assert web.earned == sides[1]["total"]["net_fen"] - taken
        over = rows("SELECT id FROM search_alliance_contract WHERE spent_fen > budget_fen")
        assert over == []


@pytest.mark.slow
def test_money_is_conserved_over_random_lives_of_brought_orders(market: Market) -> None:
    run_state_machine_as_test(
        BroughtLife,
        settings=settings(
            max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


# -- time ------------------------------------------------------------------------------------------------------


def lived(web: Web) -> None:
    """A market with everything pending: thousands, anonymous clicks, sales, a contract about to run out."""
    web.accepted(Terms("click", price_fen=50, ends_at=now() + timedelta(days=3, hours=5)))
    web.proposed()
    web.shown(web.linked(web.accepted(Terms("thousand_views", price_fen=2_000))), 2_600)
    web.brought()
    web.click(web.linked(), "somebody")
    web.paid((web.listed("自动", delivery="auto"), 1))
    web.shipped()


@pytest.mark.slow
def test_time_cut_into_pieces_makes_the_same_market(web: Web) -> None:
    lived(web)
    until = now() + timedelta(days=25)
    hashes = []
    for step in (timedelta(days=25), timedelta(days=1), timedelta(hours=7)):
        point = transaction.savepoint()
        while now() < until:
            clock.advance(min(until, now() + step))
        hashes.append(hashing.state_hash())
        settled = one("SELECT count(*) FROM search_alliance_charge")
        transaction.savepoint_rollback(point)
    assert len(set(hashes)) == 1
    assert settled == 3
