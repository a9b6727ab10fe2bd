"""The books rebuilt from the transfers, and every place where they disagree with what is kept."""

from __future__ import annotations

from payments.rules import CHART, POSTINGS

_OWING = ", ".join(f"'{row.kind}'" for row in CHART if row.may_owe)
_TABLE = ", ".join(f"('{row.kind}', '{row.debit}', '{row.credit}')" for row in POSTINGS)

# what is wrong | which account, escrow or transfer | what it should be | what it is
DRIFT = f"""
WITH sides AS (
    SELECT debit_id AS id, amount_fen AS given, 0::bigint AS received FROM payments_transfer
    UNION ALL SELECT credit_id, 0, amount_fen FROM payments_transfer
), rebuilt AS (
    SELECT id, sum(given)::bigint AS given, sum(received)::bigint AS received FROM sides GROUP BY id
), kinds (kind, debit, credit) AS (VALUES {_TABLE})
SELECT 'given is not the sum of transfers' AS wrong, coalesce(a.code, 'account ' || r.id) AS subject,
       coalesce(r.given, 0) AS expected_fen, coalesce(a.given_fen, 0) AS found_fen
  FROM payments_account a FULL JOIN rebuilt r USING (id)
 WHERE coalesce(r.given, 0) <> coalesce(a.given_fen, 0)
UNION ALL
SELECT 'received is not the sum of transfers', coalesce(a.code, 'account ' || r.id),
       coalesce(r.received, 0), coalesce(a.received_fen, 0)
  FROM payments_account a FULL JOIN rebuilt r USING (id)
 WHERE coalesce(r.received, 0) <> coalesce(a.received_fen, 0)
UNION ALL
SELECT 'spent more than it had', code, 0, received_fen - given_fen
  FROM payments_account WHERE received_fen < given_fen AND kind NOT IN ({_OWING})
UNION ALL
SELECT 'escrow holds another sum than its account received', e.reference,
       coalesce(a.received_fen, 0), e.held_fen
  FROM payments_escrow e LEFT JOIN payments_account a ON a.code = 'escrow:' || e.reference
 WHERE e.held_fen <> coalesce(a.received_fen, 0)
UNION ALL
SELECT 'escrow let go another sum than its account gave', e.reference,
       coalesce(a.given_fen, 0), e.released_fen + e.refunded_fen
  FROM payments_escrow e LEFT JOIN payments_account a ON a.code = 'escrow:' || e.reference
 WHERE e.released_fen + e.refunded_fen <> coalesce(a.given_fen, 0)
UNION ALL
SELECT 'escrow is settled although money is left, or not although none is', e.reference,
       e.released_fen + e.refunded_fen, e.held_fen
  FROM payments_escrow e WHERE (e.status = 'settled') <> (e.held_fen = e.released_fen + e.refunded_fen)
UNION ALL
SELECT 'escrow account without an escrow', a.code, 0, a.received_fen - a.given_fen
  FROM payments_account a
 WHERE a.kind = 'escrow'
   AND NOT EXISTS (SELECT FROM payments_escrow e WHERE a.code = 'escrow:' || e.reference)
UNION ALL
SELECT 'transfer between accounts its kind does not allow', 'transfer ' || t.id, 0, t.amount_fen
  FROM payments_transfer t
  JOIN payments_account d ON d.id = t.debit_id JOIN payments_account c ON c.id = t.credit_id
  LEFT JOIN kinds k ON k.kind = t.kind AND k.debit IN (d.kind, d.code) AND k.credit IN (c.kind, c.code)
 WHERE k.kind IS NULL
 ORDER BY 1, 2
"""
