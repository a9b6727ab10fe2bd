"""Deal pages: for one buyer, at one price, once, until their second has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.batch import execute, rows, settle
from common.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Refusal
from shops.actions import deals, shops
from shops.actions.deals import Agreed, NewDeal
from shops.queries import deals as queries
from shops.rules.deal import DEAL_STATUSES, DEAL_STEPS
from tests.market import Market
from tests.shops.stalls import column, events, joined, listed, opened, stall
from tests.shops.test_stock import race
from worlds.current import use_world
from worlds.pen import writing

SECOND = timedelta(seconds=1)


class Haggle:
    """A seller, a wardrobe at 99 yuan, and a buyer who may have two for 80 yuan each."""

    def __init__(self) -> None:
        self.seller, self.shop, self.wardrobe = stall()
        self.buyer, self.stranger = joined("买家", "路人")

    def new(self, **more: Any) -> NewDeal:
        lines = [Agreed(self.wardrobe, 2, 8_000)]
        return NewDeal(
            **{"shop": self.shop, "buyer": self.buyer, "lines": lines, "terms": "送货上门", **more}
        )

    def issue(self, by: int | None = None, **more: Any) -> int:
        with writing() as moment:
            return deals.issue([self.new(**more)], by=by or self.seller, at=moment.at)[0]

    def refused(self, by: int | None = None, **more: Any) -> Refusal:
        with pytest.raises(Refusal) as no:
            self.issue(by, **more)
        return no.value


@pytest.fixture
def haggle(market: Market) -> Haggle:
    return Haggle()


def use(deal: int, buyer: int, at: datetime | None = None) -> deals.UsedDeal:
    with writing() as moment:
        return deals.use([deal], buyer, at=at or moment.at)[0]


def settle_by(verb: Any, deal: int, by: int | None) -> None:
    with writing() as moment:
        verb([deal], by=by, at=moment.at)


def status(deal: int) -> str:
    return column("shops_deal", "status", [deal])[0]


def test_a_page_says_price_terms_and_when_it_lapses(market: Market, haggle: Haggle) -> None:
    deal = haggle.issue(postage_fen=1_000)
    page = queries.deal(deal, haggle.buyer)
    assert page["lines"] == [
        {
            "listing": haggle.wardrobe,
            "title": "简易衣柜",
            "quantity": 2,
            "price_fen": 8_000,
            "listed_price_fen": 9_900,
        }
    ]
    assert (page["total_fen"], page["terms"], page["status"]) == (17_000, "送货上门", "issued")
    assert page["expires_at"] == market.at + timedelta(days=3)


def test_the_buyer_takes_it_over_once(market: Market, haggle: Haggle) -> None:
    deal = haggle.issue()
    used = use(deal, haggle.buyer)
    assert used == deals.UsedDeal(
        deal, haggle.shop, haggle.buyer, 0, "送货上门", (Agreed(haggle.wardrobe, 2, 8_000),)
    )
    assert column("shops_deal", "settled_at", [deal]) == [market.at]
    with pytest.raises(Conflict) as no:
        use(deal, haggle.buyer)
    assert no.value.extra["state"] == "used"


def test_a_page_lapses_on_its_second_and_not_before(market: Market, haggle: Haggle) -> None:
    end = market.at + timedelta(hours=5)
    first, second = haggle.issue(expires_at=end), haggle.issue(expires_at=end)
    market.advance_to(end - SECOND)
    assert status(first) == "issued"
    use(first, haggle.buyer)
    market.advance_to(end)
    assert (status(first), status(second)) == ("used", "lapsed")
    assert column("shops_deal", "settled_at", [second]) == [end]
    with pytest.raises(Gone):
        use(second, haggle.buyer)


def test_at_its_last_second_a_page_is_gone_even_before_time_has_swept_it(
    market: Market, haggle: Haggle
) -> None:
    deal = haggle.issue()
    end = market.at + timedelta(days=3)
    with pytest.raises(Gone):
        use(deal, haggle.buyer, at=end)
    use(deal, haggle.buyer, at=end - SECOND)


def test_pages_lapse_at_their_own_moment_however_far_time_jumps(market: Market, haggle: Haggle) -> None:
    began = market.at
    early = haggle.issue(expires_at=began + timedelta(hours=1))
    late = haggle.issue(expires_at=began + timedelta(days=2))
    market.pass_days(30)
    assert column("shops_deal", "settled_at", [early, late]) == [
        began + timedelta(hours=1),
        began + timedelta(days=2),
    ]
    assert [subject for subject, _, _ in events("deal.lapsed")] == [early, late]


def test_how_long_a_page_stands_is_a_lever(market: Market, haggle: Haggle) -> None:
    from regime.actions import change

    with writing() as moment:
        change({"deal.expiry_days": 5}, at=moment.at, by=None, why="people think longer")
    assert queries.deal(haggle.issue(), None)["expires_at"] == market.at + timedelta(days=5)


def test_a_page_may_say_when_it_lapses_within_reason(market: Market, haggle: Haggle) -> None:
    for moment in (market.at, market.at - SECOND, market.at + timedelta(days=90, seconds=1)):
        assert haggle.refused(expires_at=moment).rule == "a_deal_expires_after_it_is_issued"
    haggle.issue(expires_at=market.at + SECOND)
    haggle.issue(expires_at=market.at + timedelta(days=90))


def test_nobody_but_the_two_learns_of_a_page(market: Market, haggle: Haggle) -> None:
    deal = haggle.issue()
    assert queries.deal(deal, haggle.seller) == queries.deal(deal, haggle.buyer)
    with pytest.raises(NotFound):
        queries.deal(deal, haggle.stranger)
    assert queries.deals({}, haggle.stranger) == []
    assert [row["id"] for row in queries.deals({"status": "issued"}, haggle.buyer)] == [deal]
    for deed in (lambda: use(deal, haggle.stranger), lambda: settle_by(deals.decline, deal, haggle.stranger)):
        with pytest.raises(NotFound):
            deed()


def test_an_event_of_a_page_is_for_the_two_and_tells_no_price(market: Market, haggle: Haggle) -> None:
    deal = haggle.issue()
    use(deal, haggle.buyer)
    told = {"shop": haggle.shop, "seller": haggle.seller, "buyer": haggle.buyer}
    assert events("deal.issued") == events("deal.used") == [(deal, [haggle.seller, haggle.buyer], told)]
    assert rows("SELECT count(*) FROM events_event WHERE name LIKE 'deal.%%' AND is_public") == [(0,)]


def test_only_the_shops_owner_issues_its_pages(market: Market, haggle: Haggle) -> None:
    assert type(haggle.refused(by=haggle.stranger)) is Forbidden


def test_a_page_is_about_listings_of_its_own_shop(market: Market, haggle: Haggle) -> None:
    foreign = listed(opened(haggle.stranger, "路人的店"))
    for listing in (foreign, 987_654):
        assert haggle.refused(lines=[Agreed(listing, 1, 1)]).rule == "a_deal_is_about_own_listings"


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"lines": []}, "a_deal_has_lines"),
        ({"terms": "x" * 1_001}, "terms_length"),
        ({"terms": "a\x00"}, "terms_length"),
        ({"postage_fen": -1}, "deal_postage_is_not_negative"),
        ({"buyer": 987_654}, "buyer_exists"),
        ({"shop": 987_654}, "shop_exists"),
    ],
)
def test_a_page_that_does_not_fit_is_refused(market: Market, haggle: Haggle, more: Any, rule: str) -> None:
    assert haggle.refused(**more).rule == rule


@pytest.mark.parametrize(
    ("quantity", "price_fen", "rule"),
    [
        (0, 1, "deal_quantity_is_1_or_more"),
        (10**6 + 1, 1, "deal_quantity_is_1_or_more"),
        (1, 0, "deal_price_is_1_fen_or_more"),
        (1, 10**11 + 1, "deal_price_is_1_fen_or_more"),
    ],
)
def test_a_line_that_does_not_fit_is_refused(
    market: Market, haggle: Haggle, quantity: int, price_fen: int, rule: str
) -> None:
    assert haggle.refused(lines=[Agreed(haggle.wardrobe, quantity, price_fen)]).rule == rule


def test_a_listing_stands_once_on_a_page(market: Market, haggle: Haggle) -> None:
    line = Agreed(haggle.wardrobe, 1, 1)
    assert haggle.refused(lines=[line, line]).rule == "a_listing_stands_once_on_a_deal"


def test_nobody_deals_with_themself(market: Market, haggle: Haggle) -> None:
    assert haggle.refused(buyer=haggle.seller).rule == "a_deal_has_two_sides"


def test_a_closed_shop_issues_nothing(market: Market, haggle: Haggle) -> None:
    with writing() as moment:
        shops.close([haggle.shop], by=haggle.seller, at=moment.at)
    assert haggle.refused().rule == "a_closed_shop_deals_no_more"


def test_in_a_batch_each_refused_page_has_its_own_words(market: Market, haggle: Haggle) -> None:
    wishes = [haggle.new(), haggle.new(buyer=987_654), haggle.new(lines=[]), haggle.new(terms="再优惠")]
    with writing() as moment:
        settled = settle(lambda some: deals.issue(some, by=haggle.seller, at=moment.at), wishes)
    assert [s.refusal.rule if s.refusal else "issued" for s in settled] == [
        "issued", "buyer_exists", "a_deal_has_lines", "issued",
    ]  # fmt: skip
    assert len(queries.deal(settled[3].result, None)["lines"]) == 1


ACTS = {
    "use": lambda deal, h: use(deal, h.buyer),
    "decline": lambda deal, h: settle_by(deals.decline, deal, h.buyer),
    "withdraw": lambda deal, h: settle_by(deals.withdraw, deal, h.seller),
    "lapse": lambda deal, h: deals.lapse([deal], at=queries.deal(deal, None)["issued_at"]),
}


@pytest.mark.parametrize("step", DEAL_STEPS, ids=lambda step: step.action)
@pytest.mark.parametrize("before", DEAL_STATUSES)
def test_a_page_moves_as_the_table_says_and_in_no_other_way(
    market: Market, haggle: Haggle, step: Any, before: str
) -> None:
    deal = haggle.issue()
    if before != "issued":
        execute("UPDATE shops_deal SET status = %s, settled_at = issued_at WHERE id = %s", [before, deal])
    if before in step.sources:
        ACTS[step.action](deal, haggle)
        assert status(deal) == step.target
    else:
        with pytest.raises(Conflict) as no, transaction.atomic():
            ACTS[step.action](deal, haggle)
        assert no.value.extra == {"state": before, "action": step.action}
        assert status(deal) == before


def test_each_end_of_a_page_has_its_event(market: Market, haggle: Haggle) -> None:
    pages = {step.action: haggle.issue() for step in DEAL_STEPS}
    for action, deal in pages.items():
        ACTS[action](deal, haggle)
    told = {
        name: [s for s, _, _ in events(f"deal.{name}")]
        for name in ("used", "declined", "withdrawn", "lapsed")
    }
    assert list(told.values()) == [[deal] for deal in pages.values()]


def test_the_platform_may_withdraw_a_page_and_a_buyer_may_not(market: Market, haggle: Haggle) -> None:
    deal = haggle.issue()
    with pytest.raises(NotFound):
        settle_by(deals.withdraw, deal, haggle.buyer)
    settle_by(deals.withdraw, deal, None)
    assert status(deal) == "withdrawn"


def test_a_batch_of_buyers_each_uses_their_own_page(market: Market, haggle: Haggle) -> None:
    mine, theirs = haggle.issue(), haggle.issue(buyer=haggle.stranger)
    with pytest.raises(NotFound) as no, writing() as moment:
        deals.use([mine, theirs], haggle.buyer, at=moment.at)
    assert no.value.rows == (1,)
    with writing() as moment:
        used = deals.use([theirs, mine], [haggle.stranger, haggle.buyer], at=moment.at)
    assert [(deal.id, deal.buyer) for deal in used] == [(theirs, haggle.stranger), (mine, haggle.buyer)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shops_dealline SET price_fen = 1 WHERE deal_id = %s",
        "DELETE FROM shops_dealline WHERE deal_id = %s",
        "UPDATE shops_deal SET terms = 'no return' WHERE id = %s",
        "UPDATE shops_deal SET expires_at = issued_at + interval '1 hour' WHERE id = %s",
        "DELETE FROM shops_deal WHERE id = %s",
    ],
)
def test_what_was_promised_is_not_changed_by_anybody(market: Market, haggle: Haggle, sql: str) -> None:
    deal = haggle.issue()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        execute(sql, [deal])


def test_eight_at_once_use_a_page_once(committed_world: Any) -> None:
    with use_world(committed_world.schema):
        haggle = Haggle()
        deal = haggle.issue()
        outcomes = race(committed_world.schema, lambda: use(deal, haggle.buyer))
        assert outcomes == ["conflict"] * 7 + ["served"]


def test_even_without_the_pen_a_page_is_used_once(committed_world: Any) -> None:
    """Two that race past the pen: the conditional UPDATE lets one through, the other finds it used."""
    with use_world(committed_world.schema):
        haggle = Haggle()
        deal = haggle.issue()
        with writing() as moment:
            at = moment.at

        def grab() -> None:
            with transaction.atomic():
                deals.take(deals.Deal, [deal], deals.rules.DEAL_STEP["use"], settled_at=at)

        assert race(committed_world.schema, grab) == ["conflict"] * 7 + ["served"]


def test_a_page_used_is_not_a_page_invalidated_by_words(market: Market, haggle: Haggle) -> None:
    with pytest.raises(Invalid), writing() as moment:
        deals.use([haggle.issue()] * 2, haggle.buyer, at=moment.at)
