"""Placing orders: what it costs, the stock it takes, the snapshot it keeps. A hundred orders are one
statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, dumps, rows
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, several
from common.moments import day_of, start_of
from common.money import split
from events.actions import emit
from regime import queries as regime
from shops.actions import deals, stock
from shops.actions.moving import Row, about, order_facts
from shops.rules.clocks import pay_by, ship_by
from shops.rules.order import (
    KINDS,
    LINES_MOST,
    QUANTITY_MOST,
    TEXT_MOST,
    divided,
    postage,
    slowest,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many pieces of a listing."""

    listing: int
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A buyer's basket: one order for each seller in it. `deal`: at that page's price and terms instead.

    `kind`: plain, or flash (a half-hour to pay). `discount_fen` is for the floors above (coupons): it is
    taken off the goods and never asked of a buyer. `at`: when the buyer did it, on the open day and not after
    the call's moment (None: at it). Terms and spans run from then; money and stock move at the call's.
    `paid_at`: when they paid, where the call pays, too (None: at once); not before `at`.
    """

    buyer: int
    lines: tuple[Wanted, ...] = ()
    deal: int | None = None
    message: str = ""
    receiver: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "plain"
    discount_fen: int = 0
    at: datetime | None = None
    paid_at: datetime | None = None


# The pieces are taken in the statement that quotes what they cost; a refusal takes the statement back. Whatever is
# taken is of a line: the join is full because a full one is never done row by row.
QUOTE = f"""
    WITH taken AS ({stock.TAKE})
    SELECT w.n, w.k, w.listing, w.quantity, b.status AS buyer, l.price_fen, l.postage_fen, l.supply,
    l.delivery,
           l.ready_at, l.ship_within_days, l.status, l.section_id AS section, l.shop_id AS shop, s.owner_id AS
           seller, s.status AS shop_status, s.protection_since IS NOT NULL
           AND s.protection_since <= %(at)s AS protected,
           t.stock AS left
      FROM unnest(%(n)s::int[], %(listing)s::bigint[], %(quantity)s::bigint[], %(buyer)s::bigint[])
           WITH ORDINALITY AS w(n, listing, quantity, buyer, k)
      FULL JOIN taken t ON t.id = w.listing
      LEFT JOIN members_member b ON b.id = w.buyer
      LEFT JOIN shops_listing l ON l.id = w.listing LEFT JOIN shops_shop s ON s.id = l.shop_id
     ORDER BY w.k
"""
ORDER_COLUMNS = (
    "buyer_id bigint, seller_id bigint, shop_id bigint, deal_id bigint, kind text, status text,"
    " goods_fen bigint,"
    " postage_fen bigint, discount_fen bigint, total_fen bigint, delivery text, placed_at timestamptz,"
    " pay_by timestamptz, paid_at timestamptz, ship_by timestamptz, modified_at timestamptz, message text,"
    " receiver jsonb"
)
ORDER_NAMES = ", ".join(column.split()[0] for column in ORDER_COLUMNS.split(", "))
LINE_COLUMNS = "n int, listing_id bigint, quantity int, price_fen bigint, paid_fen bigint, postage_fen bigint"
# Both tables are numbered from their last row on, in the order given; the snapshot is taken where it lies.
INSERT = f"""
WITH last AS MATERIALIZED (
    SELECT (SELECT coalesce(max(id), 0) FROM shops_order) AS o, (SELECT coalesce(max(id), 0)
    FROM shops_orderline) AS l
), placed AS (
    INSERT INTO shops_order (id, {ORDER_NAMES}, adjust_fen, refunded_fen, compensation_fen, closed_by,
    open_refunds,
                             seller_extensions, buyer_extensions, memo, flag)
    SELECT last.o + r.ordinality, {", ".join(f"r.{name}" for name in ORDER_NAMES.split(", "))}, 0, 0, 0, '',
    0, 0, 0, '', 0
      FROM last, ROWS FROM (json_to_recordset(%(orders)s::json) AS ({ORDER_COLUMNS})) WITH ORDINALITY AS r
     ORDER BY r.ordinality
), kept AS (
    INSERT INTO shops_orderline (id, order_id, listing_id, title, quantity, price_fen, paid_fen, postage_fen,
                                 refunded_fen, delivery, taken_count, snapshot)
    SELECT last.l + r.ordinality, last.o + r.n, g.id, g.title, r.quantity, r.price_fen, r.paid_fen,
    r.postage_fen,
           0, g.delivery, CASE WHEN g.supply = 'custom' THEN 0 ELSE r.quantity END,
           jsonb_build_object(
               'title', g.title, 'price_fen', g.price_fen, 'postage_fen', g.postage_fen, 'version', g.version,
               'category_id', g.category_id, 'section_id', g.section_id, 'properties', g.properties,
               'condition', g.condition, 'supply', g.supply, 'ready_at', g.ready_at,
               'ship_within_days', g.ship_within_days, 'outer_id', g.outer_id, 'picture_count',
               g.picture_count,
               'description_richness', g.description_richness, 'shop_name', s.name,
               'seven_day_return', s.seven_day_return,
               'protected', s.protection_since IS NOT NULL AND s.protection_since <= %(at)s)
      FROM last, ROWS FROM (json_to_recordset(%(lines)s::json) AS ({LINE_COLUMNS})) WITH ORDINALITY AS r
      JOIN shops_listing g ON g.id = r.listing_id JOIN shops_shop s ON s.id = g.shop_id
     ORDER BY r.ordinality
)
SELECT o, l FROM last
"""


@transaction.atomic(savepoint=False)
def place(intents: Sequence[Place], *, at: datetime) -> list[list[int]]:
    """Place the baskets: for each the ids of its orders, one a seller in the order of its lines.

    Baskets come in the order given, whatever their own moments. Stock is taken now (Taobao's `sub_stock` 1), the
    price is the listing's or the deal page's, and each line keeps a snapshot. Raises `Invalid`, `NotFound`,
    `Forbidden` (own shop, another's deal), `Conflict` (not on sale, out of stock, deal settled, a moment off the
    open day), with the baskets' rows.
    """
    return [[row["id"] for row in placed] for placed in place_rows(intents, at=at)]


def place_rows(intents: Sequence[Place], *, at: datetime, paid: bool = False) -> list[list[Row]]:
    """As `place`, giving the rows that events tell of. `paid`: they are born paid; the caller holds the
    money."""
    if not intents:
        return []
    wants, prices, postages = _wanted(intents, at)
    quotes = _quoted(intents, wants, at)
    orders, lines = _drafts(intents, quotes, prices, postages, at=at, paid=paid)
    last_order, last_line = rows(INSERT, {"orders": dumps(orders), "lines": dumps(lines), "at": at})[0]
    placed = _rows(orders, lines, last_order, last_line)
    emit("order.placed", order_facts(placed), at=at)
    baskets: list[list[Row]] = [[] for _ in intents]
    for row in placed:
        baskets[row["basket"]].append(row)
    return baskets


def _wanted(
    intents: Sequence[Place], at: datetime
) -> tuple[list[tuple[int, Wanted]], dict[tuple[int, int], int], dict[int, int]]:
    """(basket, what is wanted) of every line; the prices that deal pages fix, by (basket, listing); their
    postage."""
    opened = start_of(day_of(at))
    refused = {n: fault for n, intent in enumerate(intents) if (fault := _fault(intent, opened, at))}
    if refused:
        raise several(refused)
    used = _use_deals(intents, at=at)
    wants: list[tuple[int, Wanted]] = []
    prices: dict[tuple[int, int], int] = {}
    for n, intent in enumerate(intents):
        if n in used:
            wants += [(n, Wanted(agreed.listing, agreed.quantity)) for agreed in used[n].lines]
            prices |= {(n, agreed.listing): agreed.price_fen for agreed in used[n].lines}
        else:
            wants += [(n, wanted) for wanted in intent.lines]
    return wants, prices, {n: deal.postage_fen for n, deal in used.items()}


def _fault(intent: Place, opened: datetime, at: datetime) -> Refusal | None:
    if intent.at is not None and not opened <= intent.at <= at:
        return Conflict(
            "an order is placed on the market's open day and not in its future",
            field="at",
            rule="an_order_is_of_the_open_day",
            way_out="Leave `at` out for now, or let time pass first.",
        )
    if intent.paid_at is not None and not (intent.at or at) <= intent.paid_at <= at:
        return Conflict("orders are paid once placed", field="paid_at", rule="an_order_is_paid_once_placed")
    if intent.deal is not None and intent.lines:
        return Invalid(
            "a deal page says what is bought", field="lines", rule="a_deal_has_its_lines",
            way_out="Leave lines out.",
        )  # fmt: skip
    if intent.deal is None and not 1 <= len(intent.lines) <= LINES_MOST:
        return Invalid(
            f"an order has 1 to {LINES_MOST} lines", field="lines", rule="an_order_has_lines",
            way_out="Send some.",
        )  # fmt: skip
    if any(not 1 <= wanted.quantity <= QUANTITY_MOST for wanted in intent.lines):
        return Invalid(
            f"a quantity is 1 to {QUANTITY_MOST}",
            field="quantity",
            rule="quantity_is_1_or_more",
            way_out="Send 1 or more.",
        )
    if intent.kind not in KINDS:
        return Invalid(f"an order is {' or '.join(KINDS)}", field="kind", rule="order_kind_is_known")
    if len(intent.message) > TEXT_MOST:
        return Invalid(
            f"a message has at most {TEXT_MOST} characters", field="message", rule="message_is_short"
        )
    return None


def _use_deals(intents: Sequence[Place], *, at: datetime) -> dict[int, deals.UsedDeal]:
    """Basket -> the deal page it buys from, which is used up by it."""
    asked = [(n, intent.deal, intent.buyer) for n, intent in enumerate(intents) if intent.deal is not None]
    if not asked:
        return {}
    baskets = [n for n, _, _ in asked]
    with about(baskets):
        used = deals.use([deal for _, deal, _ in asked], [buyer for _, _, buyer in asked], at=at)
    return dict(zip(baskets, used, strict=True))


def _quoted(intents: Sequence[Place], wants: Sequence[tuple[int, Wanted]], at: datetime) -> list[Row]:
    """What the market says about every line, each one buyable and its pieces taken; else refuses by
    basket.
    """
    quotes = dicts(
        QUOTE,
        {
            "n": [n for n, _ in wants],
            "listing": [wanted.listing for _, wanted in wants],
            "quantity": [wanted.quantity for _, wanted in wants],
            "buyer": [intents[n].buyer for n, _ in wants],
            "at": at,
        },
    )
    refused: dict[int, Refusal] = {}
    for quote in quotes:
        fault = _unbuyable(quote, intents[quote["n"]])
        if fault:
            refused.setdefault(quote["n"], fault)
    if refused:
        raise several(refused)
    moved = {
        quote["listing"]: (quote["listing"], quote["left"], quote["supply"], quote["shop"], quote["seller"])
        for quote in quotes
        if quote["left"] is not None
    }
    with about([n for n, _ in wants]):
        stock.taken([(wanted.listing, wanted.quantity) for _, wanted in wants], list(moved.values()), at=at)
    return quotes


def _unbuyable(quote: Row, intent: Place) -> Refusal | None:
    listing = quote["listing"]
    if quote["buyer"] is None:
        return NotFound(f"there is no member {intent.buyer}", field="buyer", rule="member_exists")
    if quote["buyer"] != "open":
        return Forbidden(
            "a sealed account buys nothing", field="buyer", rule="account_is_open", way_out="Appeal."
        )
    if quote["shop"] is None:
        return NotFound(f"there is no listing {listing}", field="listing", rule="listing_exists")
    # A deal page outlives its listing's place in the shop window, not its shop.
    unseen = quote["status"] != "on_sale" or quote["shop_status"] != "open"
    if unseen and (intent.deal is None or quote["shop_status"] == "closed"):
        return Conflict(
            f"listing {listing} is not on sale",
            field="listing",
            rule="listing_is_on_sale",
            way_out="Choose another.",
        )
    if quote["seller"] == intent.buyer:
        return Forbidden(
            "nobody buys from their own shop",
            field="buyer",
            rule="nobody_buys_from_themself",
            way_out="Buy as another.",
        )
    return None


def _drafts(
    intents: Sequence[Place],
    quotes: Sequence[Row],
    prices: Mapping[tuple[int, int], int],
    postages: Mapping[int, int],
    *,
    at: datetime,
    paid: bool,
) -> tuple[list[Row], list[Row]]:
    """Orders and lines to write: one order a (basket, shop), in order of first mention; lines in order of
    orders."""
    groups: dict[tuple[int, int], list[Row]] = {}
    for quote in quotes:
        groups.setdefault((quote["n"], quote["shop"]), []).append(quote)
    goods = {
        key: [_price(quote, prices) * quote["quantity"] for quote in group] for key, group in groups.items()
    }
    discounts = _discounts(intents, goods)
    orders: list[Row] = []
    lines: list[Row] = []
    rules = regime.at(at)
    for (n, shop), group in groups.items():
        intent, each, off = intents[n], goods[n, shop], discounts[n, shop]
        sent = postages[n] if n in postages else postage([quote["postage_fen"] for quote in group])
        parts = [(quote["supply"], quote["ready_at"], quote["ship_within_days"]) for quote in group]
        own = intent.at or at
        terms = rules if intent.at is None else regime.at(own)
        pays, protected = intent.paid_at or own, group[0]["protected"]
        due = ship_by(pays, parts, protected=protected, trade=terms.trade, protection=terms.protection)
        orders.append(
            {
                "basket": n,
                "buyer_id": intent.buyer,
                "seller_id": group[0]["seller"],
                "shop_id": shop,
                "deal_id": intent.deal,
                "kind": intent.kind,
                "status": "paid" if paid else "placed",
                "goods_fen": sum(each),
                "postage_fen": sent,
                "discount_fen": off,
                "total_fen": sum(each) + sent - off,
                "delivery": slowest([quote["delivery"] for quote in group]),
                "placed_at": own,
                "pay_by": pay_by(own, intent.kind, terms.trade),
                "paid_at": pays if paid else None,
                "ship_by": due if paid else None,
                "modified_at": at,
                "message": intent.message,
                "receiver": dict(intent.receiver),
            }
        )
        paid_fen, postage_fen = divided(each, sent, off)
        lines += [
            {
                "n": len(orders), "listing_id": quote["listing"], "quantity": quote["quantity"],
                "price_fen": _price(quote, prices), "paid_fen": paid_fen[k], "postage_fen": postage_fen[k],
                "delivery": quote["delivery"], "section": quote["section"],
            }
            for k, quote in enumerate(group)
        ]  # fmt: skip
    return orders, lines


def _price(quote: Row, prices: Mapping[tuple[int, int], int]) -> int:
    price: int = prices.get((quote["n"], quote["listing"]), quote["price_fen"])
    return price


def _discounts(
    intents: Sequence[Place], goods: Mapping[tuple[int, int], list[int]]
) -> dict[tuple[int, int], int]:
    """A basket's discount shared by its orders' goods; at most the goods less one fen."""
    shares: dict[tuple[int, int], int] = dict.fromkeys(goods, 0)
    for n, intent in enumerate(intents):
        if not intent.discount_fen:
            continue
        mine = [key for key in goods if key[0] == n]
        weights = [sum(goods[key]) for key in mine]
        if not 0 <= intent.discount_fen <= sum(weights) - len(mine):
            raise Invalid(
                "a discount leaves something to pay",
                field="discount_fen",
                rule="an_order_costs_1_fen_or_more",
                rows=[n],
            )
        shares |= dict(zip(mine, split(intent.discount_fen, weights), strict=True))
    return shares


def _rows(orders: Sequence[Row], lines: Sequence[Row], last_order: int, last_line: int) -> list[Row]:
    """The drafts as `moving.ORDER` would give them, now that they have numbers."""
    placed = [
        {
            "id": last_order + n,
            "basket": draft["basket"],
            "buyer": draft["buyer_id"],
            "seller": draft["seller_id"],
            "shop": draft["shop_id"],
            "status": draft["status"],
            "kind": draft["kind"],
            "delivery": draft["delivery"],
            "total_fen": draft["total_fen"],
            "postage_fen": draft["postage_fen"],
            "refunded_fen": 0,
            "open_refunds": 0,
            "placed_at": draft["placed_at"],
            "paid_at": draft["paid_at"],
            "lines": [],
        }
        for n, draft in enumerate(orders, 1)
    ]
    for k, line in enumerate(lines, 1):
        placed[line["n"] - 1]["lines"].append({
            "line": last_line + k, "listing": line["listing_id"], "quantity": line["quantity"],
            "paid_fen": line["paid_fen"], "refunded_fen": 0, "closed": False, "shipped": False,
            "delivery": line["delivery"], "section": line["section"],
        })  # fmt: skip
    return placed
