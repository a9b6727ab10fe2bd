"""What must hold between orders, their lines, escrow, refunds and stock at every moment. Empty is good."""

from __future__ import annotations

from typing import Any

from common.batch import dicts
from shops.rules.order import IN_ESCROW
from shops.rules.refund import AFTER_SALE, DISPUTE_OPEN, REFUND_OPEN

# What sellers and deposits gave for after-sale refunds: by the refund that the posting's key ends with.
PAID_BACK = """
    SELECT substring(t.key FROM '[0-9]+$')::bigint AS refund, t.reference, c.code AS credit,
           sum(t.amount_fen)::bigint AS fen, array_agg(d.code::text) AS debits
      FROM payments_transfer t JOIN payments_account d ON d.id = t.debit_id
      JOIN payments_account c ON c.id = t.credit_id
     WHERE t.kind = 'after_sale_refund' OR starts_with(t.key, 'deposit_compensation:after_sale:') GROUP BY 1, 2, 3
"""
# rule -> a query of the ids that break it, what was expected and what was found
CHECKS: dict[str, str] = {
    "escrow holds what open orders still owe": """
        SELECT o.id, o.total_fen - o.refunded_fen AS expected, coalesce(a.received_fen - a.given_fen,
        0) AS found
          FROM shops_order o LEFT JOIN payments_account a ON a.code = 'escrow:order:' || o.id
         WHERE o.status = ANY(%(escrow)s)
         AND o.total_fen - o.refunded_fen <> coalesce(a.received_fen - a.given_fen, 0)""",
    "escrow of other orders is empty": """
        SELECT o.id, 0 AS expected, a.received_fen - a.given_fen AS found
          FROM shops_order o JOIN payments_account a ON a.code = 'escrow:order:' || o.id
         WHERE NOT o.status = ANY(%(escrow)s) AND a.received_fen <> a.given_fen""",
    "the sum of escrow is the sum of open orders": """
        SELECT 0 AS id, o.fen AS expected, a.fen AS found
          FROM (SELECT coalesce(sum(total_fen - refunded_fen), 0) AS fen FROM shops_order
          WHERE status = ANY(%(escrow)s)) o,
               (SELECT coalesce(sum(received_fen - given_fen), 0) AS fen FROM payments_account
                 WHERE code LIKE 'escrow:order:%%') a
         WHERE o.fen <> a.fen""",
    "escrow is frozen while a dispute is open, and only then": """
        SELECT o.id, count(d.id) > 0 AS expected, e.status = 'frozen' AS found
          FROM shops_order o JOIN payments_escrow e ON e.reference = 'order:' || o.id
          LEFT JOIN shops_dispute d ON d.order_id = o.id AND d.status = ANY(%(disputes)s)
         WHERE o.status = ANY(%(escrow)s) GROUP BY o.id,
         e.status HAVING (count(d.id) > 0) <> (e.status = 'frozen')""",
    "escrow gave back what was asked of it, and a finished order paid its seller": """
        SELECT o.id, r.fen AS expected, e.refunded_fen AS found
          FROM shops_order o JOIN payments_escrow e ON e.reference = 'order:' || o.id
          CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM shops_refund
                WHERE order_id = o.id AND status = 'succeeded' AND phase <> %(after_sale)s) r
         WHERE r.fen <> e.refunded_fen OR (o.status = 'finished') <> (e.released_fen > 0)""",
    "what is asked of the seller is asked of a finished order, and only then": """
        SELECT r.id, o.status = 'finished' AS expected, r.phase = %(after_sale)s AS found
          FROM shops_refund r JOIN shops_order o ON o.id = r.order_id
         WHERE r.phase = %(after_sale)s AND o.status <> 'finished'
            OR r.status = ANY(%(refunds)s) AND (o.status = 'finished') <> (r.phase = %(after_sale)s)""",
    "what was refunded after success was paid by the seller or the deposit, and nothing else was": f"""
        WITH paid AS ({PAID_BACK})
        SELECT coalesce(r.id, p.refund) AS id, r.amount_fen AS expected, p.fen AS found
          FROM (SELECT * FROM shops_refund WHERE phase = %(after_sale)s AND status = 'succeeded') r
          FULL JOIN paid p ON p.refund = r.id
         WHERE (r.amount_fen, 'order:' || r.order_id, 'member:' || r.buyer_id)
               IS DISTINCT FROM (p.fen, p.reference, p.credit)
            OR NOT p.debits <@ ARRAY['member:' || r.seller_id, 'deposit:' || r.seller_id]""",
    "lines add up to their order": """
        SELECT o.id, o.total_fen AS expected, sum(l.paid_fen + l.postage_fen)::bigint AS found
          FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id GROUP BY o.id
        HAVING o.total_fen <> sum(l.paid_fen + l.postage_fen) OR o.refunded_fen <> sum(l.refunded_fen)""",
    "refunds that succeeded add up to what lines gave back": """
        SELECT l.id, l.refunded_fen AS expected, coalesce(sum(r.amount_fen), 0)::bigint AS found
          FROM shops_orderline l LEFT JOIN shops_refund r ON r.line_id = l.id AND r.status = 'succeeded'
         GROUP BY l.id HAVING l.refunded_fen <> coalesce(sum(r.amount_fen), 0)""",
    "a line refunded in full is closed, and no other": """
        SELECT l.id, l.refunded_fen = l.paid_fen + l.postage_fen AS expected, l.closed_at IS NOT NULL AS found
          FROM shops_orderline l
          WHERE (l.refunded_fen = l.paid_fen + l.postage_fen) <> (l.closed_at IS NOT NULL)""",
    "orders count their open refunds": """
        SELECT o.id, o.open_refunds AS expected, count(r.id) AS found
          FROM shops_order o LEFT JOIN shops_refund r ON r.order_id = o.id AND r.status = ANY(%(refunds)s)
         GROUP BY o.id HAVING o.open_refunds <> count(r.id)""",
    "a dispute is open where a refund is disputed, and only there": """
        SELECT r.id, r.status = 'disputed' AS expected, count(d.id) > 0 AS found
          FROM shops_refund r LEFT JOIN shops_dispute d ON d.refund_id = r.id AND d.status = ANY(%(disputes)s)
         GROUP BY r.id HAVING (r.status = 'disputed') <> (count(d.id) > 0)""",
    "an order is shipped when every line left to send is": """
        SELECT o.id, o.status = ANY('{shipped,finished}') AS expected,
        bool_and(l.shipped_at IS NOT NULL) AS found
          FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id AND l.closed_at IS NULL
         WHERE o.status = ANY('{paid,shipped_part,shipped,finished}')
         GROUP BY o.id HAVING (o.status = ANY('{shipped,finished}')) <> bool_and(l.shipped_at IS NOT NULL)""",
    "pieces go back when nothing was sent and nothing is owed, and only then": """
        SELECT l.id, o.status = 'cancelled' OR (l.closed_at IS NOT NULL AND l.shipped_at IS NULL) AS expected,
               l.restocked_at IS NOT NULL AS found
          FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
         WHERE l.taken_count > 0
           AND (o.status = 'cancelled' OR (l.closed_at IS NOT NULL
           AND l.shipped_at IS NULL)) <> (l.restocked_at IS NOT NULL)""",
    "what is shown as sold was sold": """
        SELECT g.id, g.sold_count AS expected, coalesce(sum(l.quantity), 0)::bigint AS found
          FROM shops_listing g LEFT JOIN (SELECT l.listing_id, l.quantity FROM shops_orderline l
                 JOIN shops_order o ON o.id = l.order_id WHERE o.status = 'finished'
                 AND l.closed_at IS NULL) l
            ON l.listing_id = g.id
         GROUP BY g.id HAVING g.sold_count <> coalesce(sum(l.quantity), 0)""",
}


def findings() -> list[dict[str, Any]]:
    """Every broken rule: {rule, id, expected, found}; empty when the trade's books are sound."""
    values = {
        "escrow": list(IN_ESCROW), "disputes": list(DISPUTE_OPEN), "refunds": list(REFUND_OPEN),
        "after_sale": AFTER_SALE,
    }  # fmt: skip
    return [{"rule": rule, **row} for rule, sql in CHECKS.items() for row in dicts(sql, values)]


def stock_out(listing: int) -> int:
    """Pieces of a listing that orders hold or sold: taken and not given back."""
    found = dicts(
        """SELECT coalesce(sum(taken_count), 0)::bigint AS out FROM shops_orderline
            WHERE listing_id = %s AND restocked_at IS NULL""",
        [listing],
    )
    out: int = found[0]["out"]
    return out
