"""A refusal before the platform: evidence, the seller's reply, a ruling that escrow carries out.

While a dispute is open the order's escrow is frozen; that of a finished order is empty, and its seller pays. When the platform's working days pass without a ruling,
time rules: for the buyer if the seller was silent throughout, else for the seller
(`rules.refund.default_award`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import dicts, insert, rows
from common.errors import Invalid, NotFound, Refusal, several
from events.actions import emit
from payments import escrow
from regime import queries as regime
from shops.actions import settling
from shops.actions.moving import (
    DISPUTE,
    REFUND,
    Row,
    dispute_facts,
    move,
    reference,
    refund_facts,
    stranger,
    wrong_state,
)
from shops.models import Dispute, Evidence
from shops.rules import clocks
from shops.rules.refund import DISPUTE_OPEN, DISPUTE_STEP, REFUND_STEP, SENT, TEXT_MOST, default_award

TEXT_RULE = f"a text has 1 to {TEXT_MOST} characters"


@dataclass(frozen=True, slots=True)
class Say:
    """Words for a dispute: the buyer's or seller's evidence, or the seller's reply."""

    dispute: int
    text: str
    member: int | None = None


@transaction.atomic(savepoint=False)
def escalate(refunds: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """Take refusals to the platform; returns the disputes' ids. `by`: the buyer. Freezes the orders'
    escrow.
    """
    moved = move(REFUND, REFUND_STEP["escalate"], refunds, at=at, by=by)
    due = clocks.evidence_by(at, regime.at(at).dispute)
    ids = insert(
        Dispute,
        [
            {
                "refund_id": row["id"],
                "order_id": row["order"],
                "buyer_id": row["buyer"],
                "seller_id": row["seller"],
                "status": "evidence",
                "opened_at": at,
                "evidence_by": due,
                "reply": "",
                "must_return": False,
                "ruling": "",
                "ruled_by": "",
            }
            for row in moved
        ],
    )
    held = rows(
        "SELECT reference FROM payments_escrow WHERE reference = ANY(%s) AND status = 'held' ORDER BY id",
        [[reference(row["order"]) for row in moved]],
    )
    if held:
        escrow.freeze([row[0] for row in held], at=at)
    emit("refund.disputed", refund_facts(moved), at=at)
    return ids


@transaction.atomic(savepoint=False)
def bring(evidence: Sequence[Say], *, at: datetime) -> list[int]:
    """Evidence of the buyer or the seller (`member` says who), while it is heard; the pieces' ids.

    `Conflict` after the evidence days, `Forbidden` to anybody else. Both parties and the platform read it.
    """
    there = {
        row["id"]: row
        for row in dicts(
            "SELECT id, status, buyer_id AS buyer, seller_id AS seller FROM shops_dispute WHERE id = ANY(%s)",
            [[piece.dispute for piece in evidence]],
        )
    }
    refused: dict[int, Refusal] = {}
    for n, piece in enumerate(evidence):
        row = there.get(piece.dispute)
        if row is None:
            refused[n] = NotFound(f"there is no dispute {piece.dispute}", field="id", rule="dispute_exists")
        elif piece.member not in (row["buyer"], row["seller"]):
            refused[n] = stranger("dispute", piece.dispute, "party")
        elif row["status"] != "evidence":
            refused[n] = wrong_state("dispute", piece.dispute, row["status"], "evidence", ("evidence",))
        elif not 1 <= len(piece.text) <= TEXT_MOST:
            refused[n] = Invalid(TEXT_RULE, field="text", rule="evidence_says_something")
    if refused:
        raise several(refused)
    return insert(
        Evidence,
        [{"dispute_id": e.dispute, "member_id": e.member, "text": e.text, "at": at} for e in evidence],
    )


@transaction.atomic(savepoint=False)
def reply(replies: Sequence[Say], *, at: datetime, by: int | None = None) -> list[int]:
    """The seller's last word; the platform's working days begin. `by`: the seller."""
    wrong = [n for n, said in enumerate(replies) if not 1 <= len(said.text) <= TEXT_MOST]
    if wrong:
        raise Invalid(TEXT_RULE, field="text", rule="a_reply_says_something", rows=wrong)
    moved = move(
        DISPUTE, DISPUTE_STEP["reply"], [said.dispute for said in replies], at=at, by=by, role="seller",
        sets="reply = i.text, replied_at = %(at)s, rule_by = %(due)s",
        each=("text text", [{"text": said.text} for said in replies]),
        due=clocks.rule_by(at, regime.at(at).dispute),
    )  # fmt: skip
    emit("dispute.replied", dispute_facts(moved), at=at)
    return [row["id"] for row in moved]


@transaction.atomic(savepoint=False)
def close_evidence(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`evidence_by` has come: the seller has the last word."""
    due = clocks.reply_by(at, regime.at(at).dispute)
    return _on(
        move(DISPUTE, DISPUTE_STEP["close_evidence"], ids, at=at, sets="reply_by = %(due)s", due=due), at=at
    )


@transaction.atomic(savepoint=False)
def close_reply(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`reply_by` has come: the seller said nothing; the platform's working days begin."""
    due = clocks.rule_by(at, regime.at(at).dispute)
    return _on(
        move(DISPUTE, DISPUTE_STEP["close_reply"], ids, at=at, sets="rule_by = %(due)s", due=due), at=at
    )


def _on(moved: Sequence[Row], *, at: datetime) -> list[int]:
    emit(
        "dispute.moved",
        [fact | {"status": row["status"]} for fact, row in zip(dispute_facts(moved), moved, strict=True)],
        at=at,
    )
    return [row["id"] for row in moved]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The buyer gets `award_fen` of what was asked (0: nothing), perhaps only against the goods."""

    dispute: int
    award_fen: int
    must_return: bool = False
    text: str = ""


@transaction.atomic(savepoint=False)
def rule(rulings: Sequence[Ruling], *, at: datetime) -> list[int]:
    """The platform rules: escrow pays the award back, the rest waits for the order's end. After the trade's success
    the seller pays it, or owes it.

    `Invalid` for an award above what was asked, or a return of nothing; `Conflict` before both were heard.
    """
    asked = _asked([ruling.dispute for ruling in rulings])
    refused: dict[int, Refusal] = {}
    for n, ruling in enumerate(rulings):
        amount_fen, delivery, phase = asked.get(ruling.dispute, (ruling.award_fen, "express", "shipped"))
        if not 0 <= ruling.award_fen <= amount_fen:
            refused[n] = Invalid(
                f"an award is 0 to {amount_fen} fen",
                field="award_fen",
                rule="an_award_is_part_of_what_was_asked",
            )
        elif ruling.must_return and (
            not ruling.award_fen or phase not in SENT or delivery in ("auto", "virtual")
        ):
            refused[n] = Invalid(
                "only goods sent by parcel are returned, and only for money",
                field="must_return", rule="only_what_was_sent_can_be_sent_back",
            )  # fmt: skip
        elif len(ruling.text) > TEXT_MOST:
            refused[n] = Invalid(TEXT_RULE, field="text", rule="text_is_short")
    if refused:
        raise several(refused)
    return _ruled(rulings, "rule", "platform", at=at)


@transaction.atomic(savepoint=False)
def default(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`rule_by` has come and nobody ruled: for the buyer if the seller was silent throughout, else for the
    seller."""
    spoke = {
        row[0]
        for row in rows(
            """SELECT d.id FROM shops_dispute d WHERE d.id = ANY(%s) AND (d.replied_at IS NOT NULL OR EXISTS (
                   SELECT FROM shops_evidence e WHERE e.dispute_id = d.id AND e.member_id = d.seller_id))""",
            [list(ids)],
        )
    }
    asked = _asked(ids)
    rulings = [Ruling(i, default_award(asked_fen=asked[i][0], seller_spoke=i in spoke)) for i in ids]
    return _ruled(rulings, "default", "time", at=at)


def _asked(ids: Sequence[int]) -> dict[int, tuple[int, str, str]]:
    """Dispute -> what its refund asks (fen), how the goods travelled, whether they had been sent."""
    found = rows(
        """SELECT d.id, r.amount_fen, r.delivery, r.phase FROM shops_dispute d
             JOIN shops_refund r ON r.id = d.refund_id WHERE d.id = ANY(%s)""",
        [list(ids)],
    )
    return {i: (amount_fen, delivery, phase) for i, amount_fen, delivery, phase in found}


def _ruled(rulings: Sequence[Ruling], step: str, who: str, *, at: datetime) -> list[int]:
    moved = move(
        DISPUTE,
        DISPUTE_STEP[step],
        [ruling.dispute for ruling in rulings],
        at=at,
        sets="award_fen = i.award_fen, must_return = i.must_return, ruling = i.text, ruled_by = %(who)s,"
        " settled_at = %(at)s",
        each=(
            "award_fen bigint, must_return boolean, text text",
            [{"award_fen": r.award_fen, "must_return": r.must_return, "text": r.text} for r in rulings],
        ),
        who=who,
    )
    emit("dispute.ruled", dispute_facts(moved), at=at)
    against = [row["refund"] for row in moved if row["award_fen"] == 0]
    back = [row for row in moved if row["award_fen"] and row["must_return"]]
    money = [row for row in moved if row["award_fen"] and not row["must_return"]]
    if against:
        settling.close(against, REFUND_STEP["dismiss"], at=at, who=who)
    if money:
        awards = [row["award_fen"] for row in money]
        settling.succeed(
            [row["refund"] for row in money], REFUND_STEP["award"], at=at, who=who, awards=awards
        )
    if back:
        due = clocks.send_back_by(at, regime.at(at).refund)
        agreed = move(
            REFUND, REFUND_STEP["award_return"], [row["refund"] for row in back], at=at,
            sets="amount_fen = i.award, kind = 'return', send_back_by = %(due)s",
            each=("award bigint", [{"award": row["award_fen"]} for row in back]), due=due,
        )  # fmt: skip
        settling.thaw([row["order"] for row in back], at=at)
        emit("refund.agreed", refund_facts(agreed), at=at)
    return [row["id"] for row in moved]


def end(refunds: Sequence[int], step: str, *, at: datetime) -> None:
    """End the open disputes of these refunds by `concede` or `drop`, if there are any; escrow thaws."""
    open_ = rows(
        "SELECT id FROM shops_dispute WHERE refund_id = ANY(%s) AND status = ANY(%s) ORDER BY id",
        [list(refunds), list(DISPUTE_OPEN)],
    )
    if open_:
        ended = move(
            DISPUTE, DISPUTE_STEP[step], [row[0] for row in open_], at=at, sets="settled_at = %(at)s"
        )
        settling.thaw([row["order"] for row in ended], at=at)
        emit(f"dispute.{'conceded' if step == 'concede' else 'dropped'}", dispute_facts(ended), at=at)
