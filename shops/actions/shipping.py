"""Parcels: sending whole orders or some lines, what carriers report, and being late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, insert, rows
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, several
from common.money import share
from events.actions import emit, one_telling
from payments import deposits
from regime import queries as regime
from regime.levers import Regime
from shops.actions import settling
from shops.actions.moving import ORDER, Row, move, order_facts, reference, stranger, wrong_state
from shops.models import Shipment, TrackingEvent
from shops.rules.clocks import confirm_span
from shops.rules.order import ORDER_STEP, TRACKING_KINDS, slowest
from shops.rules.refund import REFUND_OPEN, REFUND_STEP


@dataclass(frozen=True, slots=True)
class Ship:
    """Send an order: all that is not yet sent, or some `lines` of it. Virtual goods need no carrier."""

    order: int
    lines: tuple[int, ...] = ()
    carrier: str = ""
    tracking_no: str = ""


# The lines of an order with the request that is open for each; lines refunded in full are gone.
OPEN_LINES = """
    SELECT l.id, l.order_id AS order, l.delivery, l.shipped_at IS NOT NULL AS shipped, r.id AS refund,
           r.status AS refund_status, r.phase, o.status, o.seller_id AS seller
      FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
      LEFT JOIN shops_refund r ON r.line_id = l.id AND r.status = ANY(%s)
     WHERE l.order_id = ANY(%s) AND l.closed_at IS NULL ORDER BY l.id
"""


@transaction.atomic(savepoint=False)
def ship(intents: Sequence[Ship], *, at: datetime, by: int | None = None) -> list[int]:
    """Send the orders; returns the shipments' ids. `by`: the seller (None: the platform).

    Shipping closes the refund requests made for those lines before it. When nothing is left to send, the
    confirm clock starts (or waits for an open refund). `Conflict` unless paid, for a line sent already and
    for one in dispute.
    """
    rules = regime.at(at)
    chosen, whole = _chosen(intents, by)
    if rules.refund.shipping_closes_request:
        _close_requests([line for lines in chosen for line in lines], at=at)
    moved: dict[int, Row] = {}
    for step, group in (("ship_part", [n for n, all_ in enumerate(whole) if not all_]),
                        ("ship", [n for n, all_ in enumerate(whole) if all_])):  # fmt: skip
        if group:
            moved |= _shipped([intents[n].order for n in group], step, rules, at=at, by=by)
    ids = _parcels(intents, chosen, at=at)
    _tell(intents, moved, whole, ids, at=at)
    return ids


def _chosen(intents: Sequence[Ship], by: int | None) -> tuple[list[list[Row]], list[bool]]:
    """The lines each intent sends, and whether nothing is left afterwards."""
    there: dict[int, list[Row]] = {}
    for line in dicts(OPEN_LINES, [list(REFUND_OPEN), [intent.order for intent in intents]]):
        there.setdefault(line["order"], []).append(line)
    chosen: list[list[Row]] = []
    whole: list[bool] = []
    refused: dict[int, Refusal] = {}
    for n, intent in enumerate(intents):
        waiting = {line["id"]: line for line in there.get(intent.order, []) if not line["shipped"]}
        wanted = [waiting[i] for i in dict.fromkeys(intent.lines or waiting) if i in waiting]
        fault = _unsendable(intent, there.get(intent.order, []), wanted, by)
        if fault:
            refused[n] = fault
        chosen.append(wanted)
        whole.append(len(wanted) == len(waiting))
    if refused:
        raise several(refused)
    return chosen, whole


def _unsendable(intent: Ship, lines: Sequence[Row], wanted: Sequence[Row], by: int | None) -> Refusal | None:
    """Why these lines cannot go; an order's own state is the step's to judge."""
    if max(len(intent.carrier), len(intent.tracking_no)) > 40:
        return Invalid(
            "carrier and number have at most 40 characters", field="tracking_no", rule="tracking_no_is_short"
        )
    if not lines or lines[0]["status"] not in ORDER_STEP["ship"].sources:
        return None
    if by is not None and lines[0]["seller"] != by:
        return stranger("order", intent.order, "seller")
    odd = [i for i in intent.lines if i not in {line["id"] for line in wanted}]
    if odd:
        return Conflict(
            f"line {odd[0]} of order {intent.order} is not waiting to be sent",
            field="lines", rule="a_line_is_sent_once", way_out="Read the order again.",
        )  # fmt: skip
    argued = [line["id"] for line in wanted if line["refund_status"] == "disputed"]
    if argued:
        return Conflict(
            f"line {argued[0]} of order {intent.order} is in dispute",
            field="lines",
            rule="what_is_in_dispute_is_not_sent",
            way_out="Send the others, or wait for the ruling.",
        )
    return None


def _close_requests(lines: Sequence[Row], *, at: datetime) -> None:
    asked = [line["refund"] for line in lines if line["phase"] == "unshipped"]
    if asked:
        settling.close(asked, REFUND_STEP["ship_instead"], at=at, who="seller")


def _shipped(
    orders: Sequence[int], step: str, rules: Regime, *, at: datetime, by: int | None
) -> dict[int, Row]:
    if step == "ship_part":
        moved = move(ORDER, ORDER_STEP[step], orders, at=at, by=by, role="seller")
    else:
        moved = move(
            ORDER, ORDER_STEP[step], orders, at=at, by=by, role="seller", sets=STARTS_CLOCK,
            pauses=rules.trade.refund_pauses_confirm, **spans(rules),
        )  # fmt: skip
    return {row["id"]: row for row in moved}


SPAN = """CASE t.delivery WHEN 'auto' THEN %(auto)s WHEN 'virtual' THEN %(virtual)s
                          WHEN 'mail' THEN %(mail)s ELSE %(express)s END"""
STARTS_CLOCK = f"""shipped_at = %(at)s,
    confirm_by = CASE WHEN t.open_refunds > 0 AND %(pauses)s THEN NULL ELSE %(at)s + ({SPAN}) END,
    confirm_left = CASE WHEN t.open_refunds > 0 AND %(pauses)s THEN {SPAN} END"""


def spans(rules: Regime) -> dict[str, Any]:
    """How long each kind of delivery waits to be confirmed, as values of `STARTS_CLOCK`."""
    return {
        delivery: confirm_span(delivery, rules.trade) for delivery in ("auto", "virtual", "express", "mail")
    }


def _parcels(intents: Sequence[Ship], chosen: Sequence[Sequence[Row]], *, at: datetime) -> list[int]:
    ids = insert(
        Shipment,
        [
            {
                "order_id": intent.order, "delivery": slowest([line["delivery"] for line in lines]),
                "carrier": intent.carrier, "tracking_no": intent.tracking_no, "shipped_at": at,
            }
            for intent, lines in zip(intents, chosen, strict=True)
        ],
    )  # fmt: skip
    pairs = [(line["id"], i) for i, lines in zip(ids, chosen, strict=True) for line in lines]
    execute(
        """UPDATE shops_orderline l SET shipment_id = s.shipment, shipped_at = %s
             FROM unnest(%s::bigint[], %s::bigint[]) AS s(line, shipment) WHERE l.id = s.line""",
        [at, [line for line, _ in pairs], [shipment for _, shipment in pairs]],
    )
    return ids


def _tell(
    intents: Sequence[Ship],
    moved: Mapping[int, Row],
    whole: Sequence[bool],
    shipments: Sequence[int],
    *,
    at: datetime,
) -> None:
    for name, wanted in (("order.part_shipped", False), ("order.shipped", True)):
        group = [n for n, all_ in enumerate(whole) if all_ is wanted]
        emit(
            name,
            order_facts([moved[intents[n].order] for n in group], shipment=[shipments[n] for n in group]),
            at=at,
        )


def send_by_machine(paid: Sequence[Row], *, at: datetime) -> None:
    """Codes and tickets leave the moment they are paid for; `paid` as `moving.ORDER` gives it."""
    auto = {
        row["id"]: tuple(line["line"] for line in row["lines"] if line["delivery"] == "auto") for row in paid
    }
    ship([Ship(order, lines) for order, lines in auto.items() if lines], at=at)
    for row in paid:
        if auto[row["id"]]:
            row["status"] = "shipped" if len(auto[row["id"]]) == len(row["lines"]) else "shipped_part"


@dataclass(frozen=True, slots=True)
class Report:
    """What a carrier says of a shipment: collected, in_transit, out_for_delivery, signed or returned."""

    shipment: int
    kind: str
    place: str = ""
    text: str = ""


@transaction.atomic(savepoint=False)
def track(reports: Sequence[Report], *, at: datetime, by: int | None = None) -> list[int]:
    """Append what carriers report; the events' ids. `by`: the seller (None: the platform).

    `signed` is reported once; the seven days of a no-reason return run from it.
    """
    there = {
        row["id"]: row
        for row in dicts(
            """SELECT s.id, s.order_id AS order, s.signed_at, o.buyer_id AS buyer, o.seller_id AS seller
                 FROM shops_shipment s JOIN shops_order o ON o.id = s.order_id WHERE s.id = ANY(%s)""",
            [[report.shipment for report in reports]],
        )
    }
    refused: dict[int, Refusal] = {}
    signed: set[int] = set()
    for n, report in enumerate(reports):
        fault = _unreportable(report, there.get(report.shipment), by, signed)
        if fault:
            refused[n] = fault
        if report.kind == "signed":
            signed.add(report.shipment)
    if refused:
        raise several(refused)
    ids = insert(
        TrackingEvent,
        [
            {"shipment_id": r.shipment, "kind": r.kind, "place": r.place, "text": r.text, "at": at}
            for r in reports
        ],
    )
    if signed:
        execute("UPDATE shops_shipment SET signed_at = %s WHERE id = ANY(%s)", [at, sorted(signed)])
    facts = [
        {
            "id": there[r.shipment]["order"],
            "members": [there[r.shipment]["buyer"], there[r.shipment]["seller"]],
            "shipment": r.shipment,
            "kind": r.kind,
            "place": r.place,
        }
        for r in reports
    ]
    emit("order.tracked", facts, at=at)
    return ids


def _unreportable(report: Report, shipment: Row | None, by: int | None, signed: set[int]) -> Refusal | None:
    if shipment is None:
        return NotFound(f"there is no shipment {report.shipment}", field="id", rule="shipment_exists")
    if by is not None and shipment["seller"] != by:
        return Forbidden(
            f"shipment {report.shipment} is another seller's", field="id", rule="the_seller_acts"
        )
    if report.kind not in TRACKING_KINDS:
        return Invalid(
            f"a report is {', '.join(TRACKING_KINDS)}", field="kind", rule="tracking_kind_is_known"
        )
    if len(report.place) > 60 or len(report.text) > 200:
        return Invalid("a place has at most 60 characters, a text 200", field="text", rule="report_is_short")
    if report.kind == "signed" and (shipment["signed_at"] is not None or report.shipment in signed):
        return wrong_state("shipment", report.shipment, "signed", "signed", ("unsigned",))
    return None


LATE = """
    SELECT o.id, o.seller_id AS seller, o.buyer_id AS buyer, s.protection_since IS NOT NULL AS protected,
           coalesce(a.received_fen - a.given_fen, 0) AS deposit_fen,
           (SELECT coalesce(sum(l.paid_fen - least(l.refunded_fen, l.paid_fen)), 0)::bigint
           FROM shops_orderline l
             WHERE l.order_id = o.id AND l.shipped_at IS NULL AND l.closed_at IS NULL) AS late_fen
      FROM shops_order o JOIN shops_shop s ON s.id = o.shop_id
      LEFT JOIN payments_account a ON a.code = 'deposit:' || o.seller_id
     WHERE o.id = ANY(%s) ORDER BY o.id
"""


@transaction.atomic(savepoint=False)
@one_telling()
def overdue(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`ship_by` has come: the lateness becomes a fact, once an order, and the buyer is owed a share of the
    price.

    Owed: the regime's share of what is late, up to its cap. Paid: from the deposit of a shop in the
    protection scheme, as far as it reaches, where the regime compensates first. What nobody pays is told as
    owed, not posted.
    """
    rules = regime.at(at)
    late = dicts(LATE, [list(ids)])
    left = {row["seller"]: row["deposit_fen"] for row in late}
    owed, paid = [], []
    for row in late:
        due = min(
            share(row["late_fen"], rules.trade.late_compensation_bps), rules.trade.late_compensation_most_fen
        )
        pays = (
            min(due, left[row["seller"]]) if row["protected"] and rules.protection.compensation_first else 0
        )
        left[row["seller"]] -= pays
        owed.append(due)
        paid.append(pays)
    deposits.compensate(
        [
            deposits.Compensation(row["seller"], row["buyer"], fen, reference(row["id"]), f"late:{row['id']}")
            for row, fen in zip(late, paid, strict=True)
            if fen
        ],
        at=at,
    )
    found = {
        row["id"]: row
        for row in dicts(
            f"""UPDATE shops_order t SET overdue_at = %s, modified_at = %s, compensation_fen = c.fen
                  FROM unnest(%s::bigint[], %s::bigint[]) AS c(id, fen) WHERE t.id = c.id
                  RETURNING {ORDER.gives}""",
            [at, at, [row["id"] for row in late], paid],
        )
    }
    marked = [found[row["id"]] for row in late]
    emit("order.ship_overdue", order_facts(marked, owed_fen=owed, compensation_fen=paid), at=at)
    return [row["id"] for row in marked]


def shipments_signed(lines: Sequence[int]) -> dict[int, datetime]:
    """Line -> when its parcel was signed for, of those that were."""
    return dict(
        rows(
            """SELECT l.id, s.signed_at FROM shops_orderline l JOIN shops_shipment s ON s.id = l.shipment_id
                WHERE l.id = ANY(%s) AND s.signed_at IS NOT NULL""",
            [list(lines)],
        )
    )
