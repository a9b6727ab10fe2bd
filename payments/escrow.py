"""Escrow: a buyer's money is held, then released to the seller, or refunded in whole or in part.

A reference is whatever the caller calls the trade (`order:7`); this floor never looks into it. These actions
take no savepoint of their own, for an order is paid in few statements: a refusal undoes the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, rows
from common.errors import Conflict, Invalid, NotFound, Refusal, Unaffordable
from common.money import MAX_FEN, show_yuan
from common.transitions import Step
from events.actions import emit
from payments.ledger import KeyClash, Posting, post, post_each
from payments.rules import ESCROW_STEP, MAX_REFERENCE


@dataclass(frozen=True, slots=True)
class Hold:
    """`payer` puts `amount_fen` aside for `payee` (member ids) under `reference`, once."""

    reference: str
    payer: int
    payee: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount_fen` of what an escrow holds goes back to its payer."""

    reference: str
    amount_fen: int


# A further part of the posting's own statement: the escrow's row stands exactly when its money has moved.
# It takes the number of the transfer that filled it.
HOLD = """, escrows AS (
    INSERT INTO payments_escrow (id, reference, payer_id, payee_id, held_fen, released_fen, refunded_fen,
                                 status, held_at)
    SELECT f.id, f.reference, e.payer, e.payee, f.amount_fen, 0, 0, 'held', %(at)s
      FROM numbered f
      JOIN unnest(%(payer)s::bigint[], %(payee)s::bigint[]) WITH ORDINALITY AS e(payer, payee, n) USING (n)
     WHERE NOT EXISTS (SELECT FROM barred) ORDER BY f.id
)"""


@transaction.atomic(savepoint=False)
def hold(holds: Sequence[Hold], *, at: datetime) -> list[int]:
    """Put money aside; return the escrows' ids. Two statements, the event's included.

    `Unaffordable` names the payer, have and need; `Conflict` a reference that is held or was held already.
    """
    _check_holds(holds)
    postings = [
        Posting(
            f"member:{h.payer}",
            account(h.reference),
            h.amount_fen,
            "escrow_hold",
            h.reference,
            f"hold:{h.reference}",
        )
        for h in holds
    ]
    parties = {"payer": [h.payer for h in holds], "payee": [h.payee for h in holds]}
    try:
        posted = post_each(postings, at=at, once=True, also=HOLD, extra=parties)
    except KeyClash as clash:
        raise _held_already(holds[clash.rows[0]].reference, clash.rows) from None
    pairs = list(zip(posted, holds, strict=True))
    emit("escrow.held", [_fact(p.id, h.reference, h.payer, h.payee, h.amount_fen) for p, h in pairs], at=at)
    return [p.id for p in posted]


@transaction.atomic(savepoint=False)
def release(
    references: Sequence[str], *, at: datetime, commissions: Mapping[str, int] | None = None
) -> list[int]:
    """All that is left goes to the payee, but for a commission (reference -> fen) of the platform; ids.

    `Conflict` for one that is frozen or settled, naming the rows. Three statements, the event's included.
    """
    moved = _move(RELEASE, references, "release", at=at)
    kept = commissions or {}
    postings = []
    for e in moved:
        fee = kept.get(e["reference"], 0)
        if not 0 <= fee <= e["fen"]:
            raise Invalid(
                f"a commission of {fee} fen does not come out of {e['fen']}",
                field="commission",
                rule="commission_is_a_share",
            )
        if e["fen"] > fee:
            postings.append(_posting(e, f"member:{e['payee']}", e["fen"] - fee, "escrow_release"))
        if fee:
            postings.append(_posting(e, "platform:fees", fee, "commission"))
    post(postings, at=at)
    facts = [_fact(e["id"], e["reference"], e["payer"], e["payee"], e["fen"]) for e in moved]
    emit("escrow.released", facts, at=at)
    return [e["id"] for e in moved]


@transaction.atomic(savepoint=False)
def refund(refunds: Sequence[Refund], *, at: datetime) -> list[int]:
    """Give part or all back to the payer, from a held or frozen escrow; return the escrows' ids.

    `Unaffordable` when more is asked than is left, `Conflict` when it is settled, naming the rows.
    Several refunds of one reference in a batch are several transfers. Three statements, the event's included.
    """
    wrong = [row for row, r in enumerate(refunds) if not 0 < r.amount_fen <= MAX_FEN]
    if wrong:
        raise Invalid(
            "a refund is at least one fen", field="amount_fen", rule="amount_is_positive", rows=wrong
        )
    asked: dict[str, int] = {}
    for r in refunds:
        asked[r.reference] = asked.get(r.reference, 0) + r.amount_fen
    extra = {"amount": list(asked.values())}
    moved = {e["reference"]: e for e in _move(REFUND, list(asked), "refund", at=at, refunds=refunds, **extra)}
    so_far = {reference: moved[reference]["refunded_fen"] - fen for reference, fen in asked.items()}
    postings, facts = [], []
    for r in refunds:
        e = moved[r.reference]
        so_far[r.reference] += r.amount_fen  # grows with each refund, so it tells them apart
        key = f"refund:{r.reference}:{so_far[r.reference]}"
        postings.append(
            Posting(
                account(r.reference), f"member:{e['payer']}", r.amount_fen, "escrow_refund", r.reference, key
            )
        )
        facts.append(_fact(e["id"], r.reference, e["payer"], e["payee"], r.amount_fen))
    post(postings, at=at)
    emit("escrow.refunded", facts, at=at)
    return [moved[r.reference]["id"] for r in refunds]


@transaction.atomic(savepoint=False)
def freeze(references: Sequence[str], *, at: datetime) -> list[int]:
    """The money waits while a dispute is open: it can be refunded, not released. `Conflict` unless held."""
    moved = _move(FREEZE, references, "freeze", at=at)
    emit(
        "escrow.frozen",
        [_fact(e["id"], e["reference"], e["payer"], e["payee"], e["fen"]) for e in moved],
        at=at,
    )
    return [e["id"] for e in moved]


@transaction.atomic(savepoint=False)
def unfreeze(references: Sequence[str], *, at: datetime) -> list[int]:
    """The dispute is closed; the money can be released again. `Conflict` unless frozen."""
    moved = _move(FREEZE, references, "unfreeze", at=at)
    emit(
        "escrow.unfrozen",
        [_fact(e["id"], e["reference"], e["payer"], e["payee"], e["fen"]) for e in moved],
        at=at,
    )
    return [e["id"] for e in moved]


def repeated(names: Sequence[str]) -> list[int]:
    """The rows whose name an earlier row has already."""
    first: dict[str, int] = {}
    return [row for row, name in enumerate(names) if first.setdefault(name, row) != row]


def account(reference: str) -> str:
    """The code of the account in which the money of `reference` lies."""
    return f"escrow:{reference}"


# One conditional UPDATE each; `fen` is what this step moves (for a freeze: what it keeps waiting).
_MOVED = "RETURNING e.id, e.reference, e.payer_id AS payer, e.payee_id AS payee, e.refunded_fen"
RELEASE = f"""
    UPDATE payments_escrow e
       SET status = 'settled', settled_at = %(at)s, released_fen = held_fen - refunded_fen
      FROM (SELECT id, held_fen - released_fen - refunded_fen AS fen FROM payments_escrow
             WHERE reference = ANY(%(references)s) AND status = ANY(%(sources)s) FOR UPDATE) l
     WHERE e.id = l.id {_MOVED}, l.fen
"""
REFUND = f"""
    UPDATE payments_escrow e
       SET refunded_fen = refunded_fen + r.fen,
           status = CASE WHEN released_fen + refunded_fen + r.fen = held_fen THEN 'settled' ELSE status END,
           settled_at = CASE WHEN released_fen + refunded_fen + r.fen = held_fen THEN %(at)s END
      FROM unnest(%(references)s::text[], %(amount)s::bigint[]) AS r(reference, fen)
     WHERE e.reference = r.reference AND status = ANY(%(sources)s)
       AND released_fen + refunded_fen + r.fen <= held_fen
    {_MOVED}, r.fen
"""
FREEZE = f"""
    UPDATE payments_escrow e SET status = %(target)s
     WHERE reference = ANY(%(references)s) AND status = ANY(%(sources)s)
    {_MOVED}, held_fen - released_fen - refunded_fen AS fen
"""


def _move(
    sql: str,
    references: Sequence[str],
    action: str,
    *,
    at: datetime,
    refunds: Sequence[Refund] = (),
    **extra: Any,
) -> list[dict[str, Any]]:
    """Take the step on every escrow, or refuse, naming those that did not take it; the moved, in order."""
    step = ESCROW_STEP[action]
    twice = repeated(references)
    if twice:
        raise Invalid(
            f"{references[twice[0]]} is named twice", field="reference", rule="named_once", rows=twice
        )
    params = {
        "references": list(references),
        "sources": list(step.sources),
        "target": step.target,
        "at": at,
        **extra,
    }
    moved = {e["reference"]: e for e in dicts(sql, params)}
    if len(moved) != len(references):
        raise _why_not([r for r in references if r not in moved], references, step, refunds)
    return [moved[reference] for reference in references]


def _why_not(
    stuck: Sequence[str], references: Sequence[str], step: Step, refunds: Sequence[Refund]
) -> Refusal:
    """Look again, for the words only: the UPDATE has already decided."""
    there = {
        row[0]: row[1:]
        for row in rows(
            "SELECT reference, status, held_fen - released_fen - refunded_fen FROM payments_escrow"
            " WHERE reference = ANY(%s)",
            [list(stuck)],
        )
    }
    named = [r.reference for r in refunds] or references
    guilty = [row for row, reference in enumerate(named) if reference in set(stuck)]
    reference = named[guilty[0]]
    if reference not in there:
        guilty = [row for row in guilty if named[row] not in there]
        return NotFound(
            f"there is no escrow {reference}", field="reference", rule="escrow_exists", rows=guilty
        )
    status, left = there[reference]
    if status in step.sources:
        need = sum(r.amount_fen for r in refunds if r.reference == reference)
        return Unaffordable(
            f"escrow {reference} holds {show_yuan(left)} yuan, {show_yuan(need)} were asked back",
            field="amount_fen",
            rule="escrow_gives_no_more_than_it_holds",
            way_out="Ask for no more than is left in it.",
            rows=guilty,
            extra={"have_fen": left, "need_fen": need},
        )
    return Conflict(
        f"escrow {reference} is {status}; {step.action} needs it to be {' or '.join(step.sources)}",
        field="status",
        rule=f"{step.action}_from_{'_or_'.join(step.sources)}",
        way_out="Read it again and do what its state allows.",
        rows=guilty,
        extra={"state": status, "action": step.action},
    )


def _check_holds(holds: Sequence[Hold]) -> None:
    seen: set[str] = set()
    for row, h in enumerate(holds):
        if h.reference in seen:
            raise _held_already(h.reference, [row])
        seen.add(h.reference)
        if not 1 <= len(h.reference) <= MAX_REFERENCE:
            raise Invalid(
                f"a reference has 1 to {MAX_REFERENCE} characters",
                field="reference",
                rule="reference_is_short",
                rows=[row],
            )
        if h.payer == h.payee:
            raise Invalid("nobody pays themselves", field="payee", rule="escrow_has_two_members", rows=[row])


def _held_already(reference: str, guilty: Sequence[int]) -> Conflict:
    return Conflict(
        f"there is an escrow {reference} already",
        field="reference",
        rule="one_escrow_per_reference",
        way_out="Read it; it is not paid twice.",
        rows=guilty,
    )


def _posting(e: dict[str, Any], to: str, fen: int, kind: str) -> Posting:
    return Posting(account(e["reference"]), to, fen, kind, e["reference"], f"{kind}:{e['reference']}")


def _fact(id_: int, reference: str, payer: int, payee: int, fen: int) -> dict[str, Any]:
    return {
        "id": id_, "members": [payer, payee],
        "reference": reference, "payer": payer, "payee": payee, "amount_fen": fen,
    }  # fmt: skip
