"""Asking money back for a line, and changing what is asked. What becomes of it is in `refunds.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import dicts, execute, insert
from common.errors import Conflict, Invalid, NotFound, Refusal, several
from common.moments import show
from events.actions import emit
from regime import queries as regime
from regime.levers import Regime
from shops.actions.moving import REFUND, Row, move, refund_facts, stranger, wrong_state
from shops.models import Refund
from shops.rules import clocks
from shops.rules.refund import (
    ASKABLE,
    REASONS,
    REFUND_KINDS,
    REFUND_OPEN,
    REFUND_STEP,
    TEXT_MOST,
    most_fen,
    phase_of,
    return_postage_by,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """`amount_fen` back for a line (None: all that can be asked), keeping the goods or returning them."""

    line: int
    amount_fen: int | None = None
    kind: str = "refund_only"
    reason: str = "not_wanted"
    text: str = ""


# A line, its order and shop, and what is open for it.
LINE = """
    SELECT l.id, l.order_id AS order, l.delivery, l.paid_fen, l.postage_fen, l.refunded_fen,
           l.shipped_at IS NOT NULL AS shipped, l.closed_at IS NOT NULL AS closed, p.signed_at,
           o.status, o.finished_at, o.buyer_id AS buyer, o.seller_id AS seller,
           (l.snapshot->>'seven_day_return')::boolean AS seven_day_return,
           (SELECT r.id FROM shops_refund r WHERE r.line_id = l.id AND r.status = ANY(%s)) AS open
      FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
      LEFT JOIN shops_shipment p ON p.id = l.shipment_id WHERE l.id = ANY(%s)
"""


@transaction.atomic(savepoint=False)
def ask(intents: Sequence[Ask], *, at: datetime, by: int | None = None) -> list[int]:
    """Ask money back; returns the refunds' ids. `by`: the buyer (None: the platform asks for them).

    Starts the seller's clock; a running confirm clock stops. `Conflict` for an order that is not paid or closed,
    after the after-sale days of one that is finished, for a line refunded in full or with an open request;
    `Invalid` for more than was paid, a return of what was not sent, a reason that does not fit.
    """
    rules = regime.at(at)
    there = _lines([intent.line for intent in intents])
    refused: dict[int, Refusal] = {}
    seen: set[int] = set()
    for n, intent in enumerate(intents):
        fault = _unaskable(intent, there.get(intent.line), rules, by, at)
        if fault is None and intent.line in seen:
            fault = _open_already(intent.line)
        if fault:
            refused[n] = fault
        seen.add(intent.line)
    if refused:
        raise several(refused)
    _stop_clocks([there[intent.line] for intent in intents], rules, at=at)
    return _asked(intents, there, rules, at=at)


def _lines(ids: Sequence[int]) -> dict[int, Row]:
    return {row["id"]: row for row in dicts(LINE, [list(REFUND_OPEN), list(ids)])}


def _most(intent: Ask, line: Row) -> int:
    return most_fen(
        paid_fen=line["paid_fen"],
        postage_fen=line["postage_fen"],
        refunded_fen=line["refunded_fen"],
        reason=intent.reason,
    )


def _unaskable(intent: Ask, line: Row | None, rules: Regime, by: int | None, at: datetime) -> Refusal | None:
    if line is None:
        return NotFound(f"there is no order line {intent.line}", field="line", rule="line_exists")
    if by is not None and line["buyer"] != by:
        return stranger("order", line["order"], "buyer")
    if line["status"] not in ASKABLE:
        return wrong_state("order", line["order"], line["status"], "ask", ASKABLE)
    if line["closed"]:
        return Conflict(
            f"line {intent.line} was refunded in full", field="line", rule="a_line_is_refunded_once"
        )
    if line["open"] is not None:
        return _open_already(intent.line)
    return _misfit(intent, line, rules, at) or _too_late(intent, line, rules, at)


def _too_late(intent: Ask, line: Row, rules: Regime, at: datetime) -> Refusal | None:
    """After the trade's success: within the after-sale days. A return without a reason has its own clock."""
    if line["status"] != "finished" or intent.reason == "no_reason":
        return None
    until = clocks.after_sale_until(line["finished_at"], rules.trade)
    if until is not None and at <= until:
        return None
    return Conflict(
        f"the trade succeeded at {show(line['finished_at'])}; money is asked back within"
        f" {rules.trade.after_sale_days} days",
        field="line",
        rule="after_sale_days_after_success",
        way_out="Settle it with the seller.",
        extra={"until": show(until) if until else None},
    )


def _open_already(line: int) -> Refusal:
    return Conflict(
        f"there is an open refund request for line {line}",
        field="line",
        rule="one_open_refund_per_line",
        way_out="Change or withdraw that one.",
    )


def _misfit(intent: Ask, line: Row, rules: Regime, at: datetime) -> Refusal | None:
    """What is wrong with kind, reason and amount, for this line at this moment."""
    if intent.kind not in REFUND_KINDS or intent.reason not in REASONS:
        return Invalid(
            f"kind is one of {', '.join(REFUND_KINDS)}, reason one of {', '.join(REASONS)}",
            field="kind" if intent.kind not in REFUND_KINDS else "reason", rule="refund_reason_is_known",
        )  # fmt: skip
    if len(intent.text) > TEXT_MOST:
        return Invalid(f"a text has at most {TEXT_MOST} characters", field="text", rule="text_is_short")
    if intent.kind == "return" and (not line["shipped"] or line["delivery"] in ("auto", "virtual")):
        return Invalid(
            "only goods that were sent by parcel can be sent back",
            field="kind", rule="only_what_was_sent_can_be_sent_back", way_out="Ask for refund_only.",
        )  # fmt: skip
    if REASONS[intent.reason][0] and not line["shipped"]:
        return Invalid(
            f"{intent.reason} is said of goods that were sent", field="reason", rule="reason_fits_the_phase"
        )
    most = _most(intent, line)
    if not 1 <= (intent.amount_fen if intent.amount_fen is not None else most) <= most:
        return Invalid(
            f"at most {most} fen can be asked back for line {intent.line}",
            field="amount_fen",
            rule="no_more_of_a_line_is_refunded_than_was_paid",
            way_out=f"Ask for 1 to {most}.",
        )
    if intent.reason == "no_reason":
        return _not_without_reason(intent, line, rules, at)
    return None


def _not_without_reason(intent: Ask, line: Row, rules: Regime, at: datetime) -> Refusal | None:
    if intent.kind != "return" or not line["seven_day_return"]:
        return Conflict(
            "this shop did not promise a return without a reason, or the goods are to be kept",
            field="reason", rule="seven_day_return_is_promised", way_out="Give a reason.",
        )  # fmt: skip
    signed_at = line["signed_at"] or line["finished_at"]  # who confirms has the goods
    if signed_at is not None and at > clocks.no_reason_until(signed_at, rules.refund):
        return Conflict(
            "the days for a return without a reason are over",
            field="reason", rule="seven_days_after_signing", way_out="Give a reason.",
        )  # fmt: skip
    return None


def _stop_clocks(lines: Sequence[Row], rules: Regime, *, at: datetime) -> None:
    """Count the requests on their orders; a running confirm clock stops. Confirming excludes it by the same
    row: what was asked of escrow finds the order still in escrow, what was asked of the seller finds it finished.
    """
    count = Counter(line["order"] for line in lines)
    finished = {line["order"]: line["status"] == "finished" for line in lines}
    stopped = execute(
        """UPDATE shops_order o
              SET open_refunds = o.open_refunds + c.count, modified_at = %(at)s,
                  confirm_left = CASE WHEN %(pauses)s AND o.confirm_by IS NOT NULL AND o.status = 'shipped'
                                      THEN o.confirm_by - %(at)s ELSE o.confirm_left END,
                  confirm_by = CASE WHEN %(pauses)s AND o.status <> 'finished' THEN NULL ELSE o.confirm_by END
             FROM unnest(%(orders)s::bigint[], %(counts)s::int[], %(finished)s::boolean[]) AS c(id, count, finished)
            WHERE o.id = c.id AND o.status = ANY(%(askable)s) AND (o.status = 'finished') = c.finished""",
        {
            "at": at,
            "pauses": rules.trade.refund_pauses_confirm,
            "orders": list(count),
            "counts": list(count.values()),
            "finished": [finished[order] for order in count],
            "askable": list(ASKABLE),
        },
    )
    if stopped != len(count):
        raise Conflict(
            "an order was settled meanwhile",
            field="status",
            rule="refunds_are_open_only_of_what_was_paid",
            way_out="Ask again.",
        )


def _asked(intents: Sequence[Ask], there: dict[int, Row], rules: Regime, *, at: datetime) -> list[int]:
    records = []
    for intent in intents:
        line = there[intent.line]
        phase = phase_of(line["status"], shipped=line["shipped"])
        records.append(
            {
                "order_id": line["order"],
                "line_id": intent.line,
                "buyer_id": line["buyer"],
                "seller_id": line["seller"],
                "status": "asked",
                "kind": intent.kind,
                "phase": phase,
                "delivery": line["delivery"],
                "reason": intent.reason,
                "text": intent.text,
                "asked_at": at,
                "modified_at": at,
                "amount_fen": intent.amount_fen if intent.amount_fen is not None else _most(intent, line),
                "answer_by": clocks.answer_by(
                    at, phase=phase, delivery=line["delivery"], refund=rules.refund
                ),
                "postage_by": _postage_by(intent.reason, rules),
                "refusal": "",
                "return_delivery": "",
                "return_carrier": "",
                "return_tracking_no": "",
                "return_postage_fen": 0,
                "postage_paid_fen": 0,
                "settled_by": "",
            }
        )
    ids = insert(Refund, records)
    told = [
        {
            "id": i,
            "order": r["order_id"],
            "line": r["line_id"],
            "buyer": r["buyer_id"],
            "seller": r["seller_id"],
            **{name: r[name] for name in ("kind", "phase", "reason", "amount_fen", "settled_by")},
        }
        for i, r in zip(ids, records, strict=True)
    ]
    emit("refund.asked", refund_facts(told), at=at)
    return ids


def _postage_by(reason: str, rules: Regime) -> str:
    return return_postage_by(
        reason,
        fault_paid_by=rules.refund.fault_postage_paid_by,
        no_reason_pays=rules.refund.no_reason_buyer_pays,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The buyer asks for something else; what is None stays."""

    refund: int
    amount_fen: int | None = None
    kind: str | None = None
    reason: str | None = None
    text: str | None = None


@transaction.atomic(savepoint=False)
def change(intents: Sequence[Change], *, at: datetime, by: int | None = None) -> list[int]:
    """Change requests that are open or refused; the seller's clock starts anew. `by`: the buyer."""
    rules = regime.at(at)
    ids = [intent.refund for intent in intents]
    now = {row["id"]: row for row in dicts("SELECT * FROM shops_refund WHERE id = ANY(%s)", [ids])}
    lines = _lines([row["line_id"] for row in now.values()])
    each: list[Row] = []
    refused: dict[int, Refusal] = {}
    for n, intent in enumerate(intents):
        row = now.get(intent.refund)
        if (
            row is None
            or row["status"] not in REFUND_STEP["change"].sources
            or by not in (None, row["buyer_id"])
        ):
            each.append({})  # the step says what is wrong
            continue
        line = lines[row["line_id"]]
        wish = Ask(
            row["line_id"],
            intent.amount_fen if intent.amount_fen is not None else row["amount_fen"],
            intent.kind or row["kind"],
            intent.reason or row["reason"],
            intent.text if intent.text is not None else row["text"],
        )
        fault = _misfit(wish, line, rules, at) or _too_late(wish, line, rules, row["asked_at"])
        if fault:
            refused[n] = fault
        phase = phase_of(line["status"], shipped=line["shipped"])
        due = clocks.answer_by(at, phase=phase, delivery=line["delivery"], refund=rules.refund)
        each.append(
            {
                "amount_fen": wish.amount_fen,
                "kind": wish.kind,
                "reason": wish.reason,
                "text": wish.text,
                "phase": phase,
                "answer_by": due,
                "postage_by": _postage_by(wish.reason, rules),
            }
        )
    if refused:
        raise several(refused)
    moved = move(
        REFUND,
        REFUND_STEP["change"],
        ids,
        at=at,
        by=by,
        sets="amount_fen = i.amount_fen, kind = i.kind, reason = i.reason, text = i.text, phase = i.phase,"
        " answer_by = i.answer_by, postage_by = i.postage_by, escalate_by = NULL",
        each=(
            (
                "amount_fen bigint, kind text, reason text, text text, phase text, answer_by timestamptz,"
                " postage_by text"
            ),
            each,
        ),
    )
    emit("refund.changed", refund_facts(moved), at=at)
    return ids
