"""The ledger: the one place where money moves. Each act is one statement, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, rows
from common.errors import Conflict, NotFound, Unaffordable
from common.money import show_yuan
from events.actions import emit
from payments import recompute
from payments.rules import CHART, Posting, check

__all__ = ["Posting", "TopUp", "Withdrawal", "drift", "open_accounts", "post", "top_up", "withdraw"]


@dataclass(frozen=True, slots=True)
class TopUp:
    """A member brings `amount_fen` in from outside. `key`: their own, so that asking twice is asking once."""

    member: int
    amount_fen: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A member takes `amount_fen` out to their verified bank account."""

    member: int
    amount_fen: int
    key: str = ""


# asked:  what was given, numbered;      kept:  those already posted under the same key;
# moved:  what each account gives, gets; poor:  accounts that would give what they lack;
# barred: one row if anything forbids it. Then accounts grow or are opened, and the transfers are written.
# Keys and codes are looked up one by one: the books grow, a batch does not.
# All parts see the tables as they were before the statement; the CHECK on accounts still guards a race
# of writers that did not take the pen.
POST = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(debit)s::text[], %(credit)s::text[], %(amount_fen)s::bigint[], %(kind)s::text[],
                         %(reference)s::text[], %(key)s::text[]) WITH ORDINALITY
             AS a(debit, credit, amount_fen, kind, reference, key, n)
), kept AS MATERIALIZED (
    SELECT a.n, t.id, (d.code, c.code, t.amount_fen, t.kind, t.reference)
                    = (a.debit, a.credit, a.amount_fen, a.kind, a.reference) AS same
      FROM asked a CROSS JOIN LATERAL (SELECT * FROM payments_transfer WHERE key = a.key LIMIT 1) t
      JOIN payments_account d ON d.id = t.debit_id JOIN payments_account c ON c.id = t.credit_id
), fresh AS MATERIALIZED (
    SELECT * FROM asked WHERE n NOT IN (SELECT n FROM kept)
), moved AS (
    SELECT code, sum(given)::bigint AS given, sum(received)::bigint AS received, min(n) AS first
      FROM (SELECT debit AS code, amount_fen AS given, 0 AS received, 2 * n AS n FROM fresh
            UNION ALL SELECT credit, 0, amount_fen, 2 * n + 1 FROM fresh) m GROUP BY code
), sided AS MATERIALIZED (
    SELECT m.*, a.id, a.given_fen, a.received_fen
      FROM moved m LEFT JOIN LATERAL (SELECT * FROM payments_account WHERE code = m.code LIMIT 1) a ON TRUE
), poor AS MATERIALIZED (
    SELECT code, coalesce(received_fen - given_fen, 0) AS have FROM sided
     WHERE {solvent} AND coalesce(received_fen - given_fen, 0) + received < given
), barred AS MATERIALIZED (
    SELECT 1 FROM poor UNION ALL SELECT 1 FROM kept WHERE {clash}
), grown AS (
    UPDATE payments_account a
       SET given_fen = a.given_fen + s.given, received_fen = a.received_fen + s.received
      FROM sided s WHERE a.id = s.id AND NOT EXISTS (SELECT FROM barred) RETURNING a.id, a.code
), opened AS (
    INSERT INTO payments_account (id, code, kind, given_fen, received_fen)
    SELECT (SELECT coalesce(max(id), 0) FROM payments_account) + row_number() OVER (ORDER BY first),
           code, split_part(code, ':', 1), given, received
      FROM sided WHERE id IS NULL AND NOT EXISTS (SELECT FROM barred) RETURNING id, code
), accounts AS MATERIALIZED (
    SELECT id, code FROM grown UNION ALL SELECT id, code FROM opened
), numbered AS (
    SELECT f.*, (SELECT coalesce(max(id), 0) FROM payments_transfer) + row_number() OVER (ORDER BY n) AS id
      FROM fresh f
), posted AS (
    INSERT INTO payments_transfer (id, debit_id, credit_id, amount_fen, kind, reference, key, at)
    SELECT f.id, d.id, c.id, f.amount_fen, f.kind, f.reference,
           coalesce(nullif(f.key, ''), f.kind || '#' || f.id), %(at)s
      FROM numbered f JOIN accounts d ON d.code = f.debit JOIN accounts c ON c.code = f.credit ORDER BY f.id
    RETURNING id
){also}
SELECT 'posted', NULL, min(id), count(*) FROM posted
UNION ALL SELECT CASE WHEN {clash} THEN 'clash' ELSE 'kept' END, n::text, id, 0 FROM kept
UNION ALL SELECT 'poor', code, have, 0 FROM poor
"""


# Whose account may not owe: by the chart.
POST = POST.replace(
    "{solvent}", " AND ".join(f"code NOT LIKE '{row.kind}:%%'" for row in CHART if row.may_owe)
)

# The driver keeps the plan of a text it sees often. A plan kept from single postings joins by nested loops,
# which ten thousand would wait for; so a large batch is a text of its own, planned for its size.
FEW = 20
_batches = count()


@dataclass(frozen=True, slots=True)
class Posted:
    """A transfer's id, and whether this call made it (False: the same key had made it before)."""

    id: int
    fresh: bool


def post(postings: Sequence[Posting], *, at: datetime) -> list[int]:
    """Move the money of all `postings` or of none; return the transfers' ids in their order. One statement.

    Accounts are opened when they first receive. Balances are judged after the whole batch, so money may pass
    through an account within it. Raises `Invalid` (kind or accounts not in the table), `Unaffordable` naming
    account, have and need, `Conflict` for a key that was used for something else; each naming the rows.
    """
    return [posted.id for posted in post_each(postings, at=at)]


def post_each(
    postings: Sequence[Posting],
    *,
    at: datetime,
    once: bool = False,
    also: str = "",
    extra: Mapping[str, Any] | None = None,
) -> list[Posted]:
    """As `post`, saying which transfers are new. `once`: a key posted before is a clash even if alike.

    `also` is SQL of further parts of the same statement (an escrow's row), with its parameters in `extra`;
    it must do nothing when `barred` has a row.
    """
    if not postings:
        return []
    check(postings)
    firsts, place = _without_repeats(postings)
    sql = POST.replace("{clash}", "TRUE" if once else "NOT same").replace("{also}", also)
    if len(firsts) > FEW:
        sql += f"-- batch {next(_batches)}"
    found = rows(
        sql,
        {
            "debit": [p.debit for p in firsts],
            "credit": [p.credit for p in firsts],
            "amount_fen": [p.amount_fen for p in firsts],
            "kind": [p.kind for p in firsts],
            "reference": [p.reference for p in firsts],
            "key": [p.key for p in firsts],
            "at": at,
            **(extra or {}),
        },
    )
    _refuse(found, postings, place)
    kept = {int(n) - 1: id_ for what, n, id_, _ in found if what == "kept"}
    next_id = next(id_ for what, _, id_, _ in found if what == "posted")
    done: list[Posted] = []
    for n in range(len(firsts)):
        if n in kept:
            done.append(Posted(kept[n], False))
        else:
            done.append(Posted(next_id, True))
            next_id += 1
    return [done[n] for n in place]


def _without_repeats(postings: Sequence[Posting]) -> tuple[list[Posting], list[int]]:
    """The postings, each key once, and for each given posting its place among them."""
    firsts: list[Posting] = []
    place: list[int] = []
    seen: dict[str, int] = {}
    for row, posting in enumerate(postings):
        n = seen.setdefault(posting.key, len(firsts)) if posting.key else len(firsts)
        if n == len(firsts):
            firsts.append(posting)
        elif firsts[n] != posting:
            raise _key_clash(posting.key, [row])
        place.append(n)
    return firsts, place


def _refuse(found: Sequence[tuple[Any, ...]], postings: Sequence[Posting], place: Sequence[int]) -> None:
    clashes = {int(n) - 1 for what, n, _, _ in found if what == "clash"}
    if clashes:
        guilty = [row for row, n in enumerate(place) if n in clashes]
        raise _key_clash(postings[guilty[0]].key, guilty)
    poor = {code: have for what, code, have, _ in found if what == "poor"}
    if poor:
        raise _unaffordable(poor, postings)


class KeyClash(Conflict):
    """A key that stands for another transfer."""


def _key_clash(key: str, guilty: list[int]) -> KeyClash:
    return KeyClash(
        f"the key {key} was used for another transfer",
        field="key",
        rule="one_transfer_per_key",
        way_out="Use a new key for new money.",
        rows=guilty,
    )


def _unaffordable(poor: Mapping[str, int], postings: Sequence[Posting]) -> Unaffordable:
    """Name the first poor account, what it has and needs, and every row that its money no longer reaches."""
    left = dict(poor)
    for posting in postings:
        if posting.credit in left:
            left[posting.credit] += posting.amount_fen
    guilty, need = [], dict.fromkeys(poor, 0)
    for row, posting in enumerate(postings):
        if posting.debit in left:
            need[posting.debit] += posting.amount_fen
            if posting.amount_fen <= left[posting.debit]:
                left[posting.debit] -= posting.amount_fen
            else:
                guilty.append(row)
    first = postings[guilty[0]].debit
    short = [{"account": code, "have_fen": poor[code], "need_fen": need[code]} for code in poor]
    more = f" (and {len(poor) - 1} more)" if len(poor) > 1 else ""
    return Unaffordable(
        f"{named(first)} has {show_yuan(poor[first])} yuan and needs {show_yuan(need[first])}{more}",
        field="amount_fen",
        rule="nobody_spends_what_they_lack",
        way_out="Top the account up, or pay less.",
        rows=guilty,
        extra={"short": sorted(short, key=lambda account: account["account"] != first)[:20]},
    )


def named(code: str) -> str:
    """An account in words: a member's is the member."""
    return code.replace("member:", "member ") if code.startswith("member:") else f"account {code}"


def open_accounts(codes: Sequence[str]) -> None:
    """Open accounts with nothing in them; those that are open stay as they are."""
    execute(
        """INSERT INTO payments_account (id, code, kind, given_fen, received_fen)
           SELECT (SELECT coalesce(max(id), 0) FROM payments_account) + row_number() OVER (ORDER BY n),
                  code, split_part(code, ':', 1), 0, 0
             FROM (SELECT code, min(n) AS n FROM unnest(%s::text[]) WITH ORDINALITY AS a(code, n)
                    GROUP BY code) asked
            WHERE NOT EXISTS (SELECT FROM payments_account there WHERE there.code = asked.code)""",
        [list(codes)],
    )


@transaction.atomic
def top_up(topups: Sequence[TopUp], *, at: datetime) -> list[int]:
    """Bring money in from outside; the transfers' ids. `NotFound` for members that are not there."""
    _members_who([t.member for t in topups], needs_bank=False)
    postings = [
        Posting(
            "outside:bank",
            f"member:{t.member}",
            t.amount_fen,
            "topup",
            f"member:{t.member}",
            _own(t, "topup"),
        )
        for t in topups
    ]
    return _tell("account.topped_up", topups, post_each(postings, at=at), at=at)


@transaction.atomic
def withdraw(withdrawals: Sequence[Withdrawal], *, at: datetime) -> list[int]:
    """Take money out to the bank; the transfers' ids. `Conflict` for a bank account that is not verified."""
    _members_who([w.member for w in withdrawals], needs_bank=True)
    postings = [
        Posting(
            f"member:{w.member}",
            "outside:bank",
            w.amount_fen,
            "withdrawal",
            f"member:{w.member}",
            _own(w, "withdrawal"),
        )
        for w in withdrawals
    ]
    return _tell("account.withdrawn", withdrawals, post_each(postings, at=at), at=at)


def _own(intent: TopUp | Withdrawal, kind: str) -> str:
    """A member's key is their own: it cannot be the key of anybody else's money."""
    return f"{kind}:{intent.member}:{intent.key}" if intent.key else ""


def _tell(
    name: str, intents: Sequence[TopUp | Withdrawal], posted: Sequence[Posted], *, at: datetime
) -> list[int]:
    fresh = {p.id: i for i, p in zip(intents, posted, strict=True) if p.fresh}
    facts = [
        {"id": id_, "members": [i.member], "member": i.member, "amount_fen": i.amount_fen}
        for id_, i in fresh.items()
    ]
    emit(name, facts, at=at)
    return [p.id for p in posted]


def _members_who(members: Sequence[int], *, needs_bank: bool) -> None:
    """Every one of `members` exists (and has a verified bank account), or a refusal that names the rows."""
    banked = dict(
        rows(
            "SELECT id, bank_verified_at IS NOT NULL FROM members_member WHERE id = ANY(%s)",
            [sorted(set(members))],
        )
    )
    missing = [row for row, member in enumerate(members) if member not in banked]
    if missing:
        which = f"member {members[missing[0]]}" if len(missing) == 1 else "such member"
        raise NotFound(f"there is no {which}", field="member", rule="member_exists", rows=missing)
    unbanked = [row for row, member in enumerate(members) if needs_bank and not banked[member]]
    if unbanked:
        who = f"member {members[unbanked[0]]}" if len(unbanked) == 1 else "the member"
        raise Conflict(
            f"{who} has no verified bank account to withdraw to",
            field="member",
            rule="withdrawal_goes_to_a_verified_bank",
            way_out="Have the bank account verified: POST /api/members/<id>/verify/ with what=bank.",
            rows=unbanked,
        )


def drift() -> list[dict[str, Any]]:
    """Every row in which the books disagree with themselves, in one statement; empty when all is well."""
    return dicts(recompute.DRIFT)
