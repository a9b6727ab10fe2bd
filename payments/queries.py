"""What can be read from the ledger: balances, statements, transfers, the trial balance."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import orjson

from common.batch import dicts, one, rows
from common.moments import start_of


def balance(member: int) -> int:
    """What the member can spend, in fen."""
    return balances([member])[member]


def balances(members: Sequence[int], kind: str = "member") -> dict[int, int]:
    """The same for many, or of their accounts of another `kind`; nought for a member who never had anything."""
    found = rows(
        "SELECT code, received_fen - given_fen FROM payments_account WHERE code = ANY(%s)",
        [[f"{kind}:{member}" for member in members]],
    )
    return dict.fromkeys(members, 0) | {int(code.partition(":")[2]): fen for code, fen in found}


def account(code: str) -> int:
    """The balance of any account, in fen; nought if it was never opened."""
    fen: int | None = one("SELECT received_fen - given_fen FROM payments_account WHERE code = %s", [code])
    return fen or 0


STANDING = """
SELECT coalesce(sum(received_fen - given_fen) FILTER (WHERE kind = 'member'), 0)::bigint AS balance_fen,
       coalesce(sum(received_fen - given_fen) FILTER (WHERE kind = 'deposit'), 0)::bigint AS frozen_fen,
       (SELECT coalesce(sum(held_fen - released_fen - refunded_fen), 0)::bigint FROM payments_escrow
         WHERE payer_id = %(member)s AND status <> 'settled') AS in_escrow_fen,
       (SELECT coalesce(sum(held_fen - released_fen - refunded_fen), 0)::bigint FROM payments_escrow
         WHERE payee_id = %(member)s AND status <> 'settled') AS awaited_fen
  FROM payments_account WHERE code IN (%(own)s, %(deposit)s)
"""


def standing(member: int) -> dict[str, int]:
    """A member's money: to spend, frozen as deposit, paid into escrow, awaited from escrow."""
    codes = {"own": f"member:{member}", "deposit": f"deposit:{member}"}
    return {"member": member, **dicts(STANDING, {"member": member, **codes})[0]}


# Every movement of one account until the period's end, with the balance after it: so an opening balance is
# never looked up anywhere, and a statement cannot disagree with the transfers.
STATEMENT = """
WITH a AS (
    SELECT id FROM payments_account WHERE code = %(code)s
), sides AS (
    SELECT t.id, t.at, t.kind, t.reference, t.credit_id AS other, 0::bigint AS in_fen, t.amount_fen AS out_fen
      FROM payments_transfer t JOIN a ON t.debit_id = a.id WHERE t.at < %(end)s
    UNION ALL
    SELECT t.id, t.at, t.kind, t.reference, t.debit_id, t.amount_fen, 0
      FROM payments_transfer t JOIN a ON t.credit_id = a.id WHERE t.at < %(end)s
), movements AS (
    SELECT *, (sum(in_fen - out_fen) OVER (ORDER BY at, id))::bigint AS balance_fen FROM sides
), lines AS (
    SELECT *, at::date AS day, row_number() OVER (ORDER BY at, id) AS n FROM movements WHERE at >= %(start)s
), days AS (
    SELECT day AS "on", (array_agg(balance_fen - in_fen + out_fen ORDER BY n))[1] AS opening_fen,
           sum(in_fen)::bigint AS in_fen, sum(out_fen)::bigint AS out_fen,
           (array_agg(balance_fen ORDER BY n DESC))[1] AS closing_fen, count(*) AS line_count
      FROM lines GROUP BY day
), shown AS (
    SELECT l.n, l.id, l.at, l.kind, l.reference, c.code AS counterparty, l.in_fen, l.out_fen, l.balance_fen
      FROM lines l JOIN payments_account c ON c.id = l.other
     WHERE l.n > %(after)s ORDER BY l.n LIMIT %(limit)s
)
SELECT json_build_object(
    'opening_fen', (SELECT coalesce(sum(in_fen - out_fen), 0)::bigint FROM movements WHERE at < %(start)s),
    'in_fen', (SELECT coalesce(sum(in_fen), 0)::bigint FROM lines),
    'out_fen', (SELECT coalesce(sum(out_fen), 0)::bigint FROM lines),
    'closing_fen', (SELECT coalesce(sum(in_fen - out_fen), 0)::bigint FROM movements),
    'days', (SELECT coalesce(json_agg(d ORDER BY "on"), '[]') FROM days d),
    'lines', (SELECT coalesce(json_agg(s ORDER BY n), '[]') FROM shown s))::text
"""


def statement(code: str, first: date, last: date, *, after: int = 0, limit: int = 1000) -> dict[str, Any]:
    """What came and went on one account from `first` to `last`, both included, market days.

    opening + in = out + closing, for the period and for each day that had a movement. `lines` after number
    `after`, at most `limit`, each with the balance it left; sums are of the whole period. Fen.
    """
    ends = {"start": start_of(first), "end": start_of(last + timedelta(days=1))}
    text = one(STATEMENT, {"code": code, "after": after, "limit": limit, **ends})
    return {"account": code, "from": first.isoformat(), "to": last.isoformat(), **orjson.loads(text)}


CSV_COLUMNS = ("n", "id", "at", "kind", "reference", "counterparty", "in_fen", "out_fen", "balance_fen")


def as_csv(found: dict[str, Any]) -> str:
    """A statement as CSV: an opening row, the lines, a closing row with the sums."""
    text = io.StringIO()
    table = csv.DictWriter(text, CSV_COLUMNS, restval="")
    table.writeheader()
    table.writerow({"at": found["from"], "kind": "opening", "balance_fen": found["opening_fen"]})
    table.writerows(found["lines"])
    sums = {"in_fen": found["in_fen"], "out_fen": found["out_fen"], "balance_fen": found["closing_fen"]}
    table.writerow({"at": found["to"], "kind": "closing", **sums})
    return text.getvalue()


def transfers(
    *,
    of: Sequence[str] | None = None,
    kind: str | None = None,
    reference: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Transfers in order after id `after`: of those accounts (None: of all), that kind, that reference."""
    where, params = (
        ["t.id > %(after)s"],
        {"after": after, "limit": limit, "of": of, "kind": kind, "reference": reference},
    )
    if of is not None:
        own = "(SELECT id FROM payments_account WHERE code = ANY(%(of)s::text[]))"
        where.append(f"(t.debit_id IN {own} OR t.credit_id IN {own})")
    where += [f"t.{name} = %({name})s" for name in ("kind", "reference") if params[name] is not None]
    return dicts(
        f"""SELECT t.id, d.code AS debit, c.code AS credit, t.amount_fen, t.kind, t.reference, t.key, t.at
              FROM payments_transfer t
              JOIN payments_account d ON d.id = t.debit_id JOIN payments_account c ON c.id = t.credit_id
             WHERE {" AND ".join(where)} ORDER BY t.id LIMIT %(limit)s""",
        params,
    )


def escrows(
    *,
    member: int | None = None,
    reference: str | None = None,
    status: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Escrows after id `after`: a member's (payer or payee; None: all), a reference's, a status's."""
    where, params = ["id > %(after)s"], {"after": after, "limit": limit, "member": member}
    if member is not None:
        where.append("(payer_id = %(member)s OR payee_id = %(member)s)")
    for name, value in (("reference", reference), ("status", status)):
        if value is not None:
            where.append(f"{name} = %({name})s")
            params[name] = value  # type: ignore[assignment]
    return dicts(
        f"""SELECT id, reference, payer_id AS payer, payee_id AS payee, held_fen, released_fen, refunded_fen,
                   held_fen - released_fen - refunded_fen AS left_fen, status, held_at, settled_at
              FROM payments_escrow WHERE {" AND ".join(where)} ORDER BY id LIMIT %(limit)s""",
        params,
    )


TRIAL_BALANCE = """
WITH sides AS (
    SELECT debit_id AS id, amount_fen AS given, 0::bigint AS received, at
      FROM payments_transfer WHERE at < %(end)s
    UNION ALL SELECT credit_id, 0, amount_fen, at FROM payments_transfer WHERE at < %(end)s
)
SELECT a.kind, count(DISTINCT a.id) AS account_count,
       coalesce(sum(received - given) FILTER (WHERE at < %(start)s), 0)::bigint AS opening_fen,
       coalesce(sum(given) FILTER (WHERE at >= %(start)s), 0)::bigint AS given_fen,
       coalesce(sum(received) FILTER (WHERE at >= %(start)s), 0)::bigint AS received_fen,
       coalesce(sum(received - given), 0)::bigint AS closing_fen
  FROM payments_account a JOIN sides USING (id) GROUP BY a.kind ORDER BY a.kind
"""


def trial_balance(day: date) -> dict[str, Any]:
    """For each kind of account: balance before `day`, what it gave and received on it, balance after; in fen.

    All that was given was received, so both sums of a balance are equal and balances add up to nought.
    """
    ends = {"start": start_of(day), "end": start_of(day + timedelta(days=1))}
    kinds = dicts(TRIAL_BALANCE, ends)
    sums = {
        name: sum(row[name] for row in kinds)
        for name in ("opening_fen", "given_fen", "received_fen", "closing_fen")
    }
    balanced = sums["given_fen"] == sums["received_fen"] and sums["opening_fen"] == sums["closing_fen"] == 0
    return {"on": day.isoformat(), "kinds": kinds, **sums, "balanced": balanced}
