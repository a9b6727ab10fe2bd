"""One conditional UPDATE moves many orders, refunds or disputes, and returns what their events tell.

It is `common.transitions.take` with three additions that a trade needs: the row's own party acts, each row
may bring values of its own, and the moved rows come back from the same statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.batch import dicts, dumps
from common.errors import Conflict, Forbidden, NotFound, Refusal, several
from common.transitions import Step

Row = dict[str, Any]


@dataclass(frozen=True)
class Noun:
    """A table whose rows have a buyer, a seller, a status; `gives` is what a moved row returns."""

    name: str
    table: str
    gives: str
    dated: bool = True  # has modified_at


LINES = """(SELECT json_agg(json_build_object('line', l.id, 'listing', l.listing_id, 'quantity', l.quantity,
                'paid_fen', l.paid_fen, 'refunded_fen', l.refunded_fen, 'closed', l.closed_at IS NOT NULL,
                'delivery', l.delivery, 'shipped', l.shipped_at IS NOT NULL,
                'section', (l.snapshot->>'section_id')::int) ORDER BY l.id)
            FROM shops_orderline l WHERE l.order_id = t.id) AS lines"""
ORDER = Noun(
    "order",
    "shops_order",
    "t.id, t.buyer_id AS buyer, t.seller_id AS seller, t.shop_id AS shop, t.status, t.kind, t.delivery,"
    " t.total_fen,"
    f" t.postage_fen, t.refunded_fen, t.open_refunds, t.placed_at, t.closed_by,"
    f" {LINES}",
)
REFUND = Noun(
    "refund",
    "shops_refund",
    "t.id, t.order_id AS order, t.line_id AS line, t.buyer_id AS buyer, t.seller_id AS seller, t.status,"
    " t.kind,"
    " t.phase, t.reason, t.amount_fen, t.delivery, t.return_delivery, t.return_postage_fen, t.postage_by,"
    " t.settled_by",
)
DISPUTE = Noun(
    "dispute",
    "shops_dispute",
    "t.id, t.refund_id AS refund, t.order_id AS order, t.buyer_id AS buyer, t.seller_id AS seller, t.status,"
    " t.award_fen, t.must_return, t.replied_at, t.ruled_by",
    dated=False,
)


def move(
    noun: Noun,
    step: Step,
    ids: Sequence[int],
    *,
    at: datetime,
    by: int | None = None,
    role: str = "buyer",
    sets: str = "",
    where: str = "TRUE",
    otherwise: Callable[[Row], Refusal] | None = None,
    each: tuple[str, Sequence[Mapping[str, Any]]] | None = None,
    **values: Any,
) -> list[Row]:
    """Move every row of `ids` by `step`; the moved rows, in the order of `ids`.

    `by`: the member who acts, who must be the row's `role` (buyer, seller, party); None: the market itself.
    `sets`, `where`: SQL on the row `t`, with `values`; `each`: (columns, rows) of values `i` for each id.
    If any row cannot move, nothing does: `NotFound`, `Forbidden` to a stranger, `Conflict` naming row, state
    and action, or `otherwise(row)` where the state is right and `where` fails. `rows` are indices of `ids`.
    """
    _once(noun, step, ids)
    if each is None:  # no join, so none that could be done row by row
        source, these = "", "t.id = ANY(%(ids)s)"
        given: dict[str, Any] = {"ids": list(ids)}
    else:
        source = f"FROM json_to_recordset(%(intents)s::json) AS i(id bigint, {each[0]})"
        given = {"intents": dumps([{"id": i, **row} for i, row in zip(ids, each[1], strict=True)])}
        these = "t.id = i.id"
    party = {
        "buyer": "t.buyer_id = %(by)s",
        "seller": "t.seller_id = %(by)s",
        "party": "%(by)s IN (t.buyer_id, t.seller_id)",
    }[role]
    changes = ", ".join(
        part for part in ("status = %(target)s", "modified_at = %(at)s" if noun.dated else "", sets) if part
    )
    moved = dicts(
        f"""UPDATE {noun.table} t SET {changes}
            {source}
             WHERE {these} AND t.status = ANY(%(sources)s) AND {party if by is not None else "TRUE"}
             AND ({where})
         RETURNING {noun.gives}""",
        {
            "sources": list(step.sources),
            "target": step.target,
            "by": by,
            "at": at,
        }
        | given
        | values,
    )
    found = {row["id"]: row for row in moved}
    if len(found) != len(ids):
        raise _why_not(noun, step, ids, found, by=by, role=role, otherwise=otherwise)
    return [found[i] for i in ids]


def _once(noun: Noun, step: Step, ids: Sequence[int]) -> None:
    first: dict[int, int] = {}
    twice = [row for row, i in enumerate(ids) if first.setdefault(i, row) != row]
    if twice:
        raise Conflict(
            f"{noun.name} {ids[twice[0]]} is named twice",
            field="id",
            rule=f"{step.action}_once",
            way_out="Name each of them once.",
            rows=twice,
        )


def _why_not(
    noun: Noun,
    step: Step,
    ids: Sequence[int],
    moved: Mapping[int, Row],
    *,
    by: int | None,
    role: str,
    otherwise: Callable[[Row], Refusal] | None,
) -> Refusal:
    """Look again at those that did not move, for the words: the UPDATE has decided."""
    stuck = [i for i in ids if i not in moved]
    there = {row["id"]: row for row in dicts(f"SELECT t.* FROM {noun.table} t WHERE id = ANY(%s)", [stuck])}
    refused: dict[int, Refusal] = {}
    for n, i in enumerate(ids):
        if i in moved:
            continue
        row = there.get(i)
        if row is None:
            refused[n] = NotFound(f"there is no {noun.name} {i}", field="id", rule=f"{noun.name}_exists")
        elif by is not None and by not in _those(row, role):
            refused[n] = stranger(noun.name, i, role)
        elif row["status"] not in step.sources or otherwise is None:
            refused[n] = wrong_state(noun.name, i, row["status"], step.action, step.sources)
        else:
            refused[n] = otherwise(row)
    return several(refused)


def _those(row: Row, role: str) -> tuple[int, ...]:
    return (row["buyer_id"], row["seller_id"]) if role == "party" else (row[f"{role}_id"],)


def stranger(noun: str, number: int, role: str) -> Forbidden:
    whose = "its buyer or seller" if role == "party" else f"its {role}"
    return Forbidden(
        f"{noun} {number}: only {whose} may do that",
        field="id",
        rule=f"the_{role}_acts",
        way_out="Act as that member.",
    )


def wrong_state(noun: str, number: int, status: str, action: str, sources: Sequence[str]) -> Conflict:
    return Conflict(
        f"{noun} {number} is {status}; {action} needs it to be {' or '.join(sources)}",
        field="status",
        rule=f"{action}_from_{'_or_'.join(sources)}",
        way_out="Read it again and do what its state allows.",
        extra={"state": status, "action": action},
    )


FACTS = (
    "id",
    "buyer",
    "seller",
    "shop",
    "kind",
    "delivery",
    "total_fen",
    "postage_fen",
    "refunded_fen",
    "placed_at",
)
LINE_FACTS = ("line", "listing", "section", "quantity", "paid_fen", "refunded_fen")


def order_facts(
    rows: Sequence[Row], *, standing: bool = False, **more: Sequence[Any]
) -> list[dict[str, Any]]:
    """What an event tells of orders, to buyer and seller only. `standing`: without lines refunded in full.

    `more`: name -> one value for each order. Notes, memos and addresses are never told.
    """
    facts = []
    for n, row in enumerate(rows):
        fact: dict[str, Any] = {name: row[name] for name in FACTS}
        fact["members"] = [row["buyer"], row["seller"]]
        fact["lines"] = [
            {name: line[name] for name in LINE_FACTS}
            for line in row["lines"]
            if not (standing and line["closed"])
        ]
        facts.append(fact | {name: values[n] for name, values in more.items()})
    return facts


def refund_facts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What an event tells of refunds: never the parties' words."""
    names = ("id", "order", "line", "buyer", "seller", "kind", "phase", "reason", "amount_fen", "settled_by")
    return [{name: row[name] for name in names} | {"members": [row["buyer"], row["seller"]]} for row in rows]


def dispute_facts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What an event tells of disputes: never evidence nor replies."""
    names = ("id", "refund", "order", "buyer", "seller", "award_fen", "must_return", "ruled_by")
    return [{name: row[name] for name in names} | {"members": [row["buyer"], row["seller"]]} for row in rows]


@contextmanager
def about(intents: Sequence[int]) -> Iterator[None]:
    """A refusal raised within names rows of a list made from intents; outside it names the intents.

    `intents[row]` is the intent that row of the list was made from.
    """
    try:
        yield
    except Refusal as refusal:
        refusal.each = {intents[row]: each for row, each in sorted(refusal.each.items(), reverse=True)}
        refusal.rows = tuple(sorted({intents[row] for row in refusal.rows}))
        raise


def reference(order: int) -> str:
    """What payments call an order's escrow."""
    return f"order:{order}"
