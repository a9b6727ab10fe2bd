"""What must hold of the alliance's books at any moment; returns what does not (best: nothing)."""

from __future__ import annotations

from typing import Any

from common.batch import dicts
from search.alliance.actions.thousands import THOUSAND
from search.alliance.shares import NONE_DUE, paid, standing
from traffic.rules import SOURCE

ALLIANCE = SOURCE["alliance"].code
# The postings each charge must have, beside those there are: missing, doubled, of another amount or another account.
POSTINGS = """
    WITH due AS (
        SELECT h.id, p.kind, p.fen, p.debit, p.credit
          FROM search_alliance_charge h
          CROSS JOIN LATERAL (VALUES ('member:' || h.seller_id, 'alliance:' || h.owner_id)) AS a(seller, owner)
          CROSS JOIN LATERAL (VALUES
               (h.kind <> 'return', 'alliance_earning', h.earning_fen, a.seller, a.owner),
               (h.kind <> 'return', 'alliance_seller_fee', h.seller_fee_fen, a.seller, 'platform:fees'),
               (h.kind <> 'return', 'alliance_owner_fee', h.owner_fee_fen, a.owner, 'platform:fees'),
               (h.kind = 'return', 'alliance_clawback', h.earning_fen, a.owner, a.seller),
               (h.kind = 'return', 'alliance_seller_fee_return', h.seller_fee_fen, 'platform:fees', a.seller),
               (h.kind = 'return', 'alliance_owner_fee_return', h.owner_fee_fen, 'platform:fees', a.owner)
               ) AS p(meant, kind, fen, debit, credit)
         WHERE p.meant AND p.fen > 0
    ), there AS (
        SELECT t.id AS transfer, t.kind, t.amount_fen AS fen, d.code AS debit, c.code AS credit, t.reference, t.key
          FROM payments_transfer t JOIN payments_account d ON d.id = t.debit_id
          JOIN payments_account c ON c.id = t.credit_id
         WHERE t.kind LIKE 'alliance\\_%' AND t.kind <> 'alliance_payout'
    )
    SELECT due.id AS charge, coalesce(due.kind, there.kind) AS kind, due.fen AS due_fen, there.fen AS posted_fen,
           there.transfer
      FROM due FULL JOIN there ON there.key = 'alliance:' || due.id || ':' || due.kind
     WHERE (due.kind, due.fen, due.debit, due.credit, 'alliance:' || due.id)
           IS DISTINCT FROM (there.kind, there.fen, there.debit, there.credit, there.reference)
     ORDER BY 1, 2
"""
# A click that was paid has one charge, of its contract's price and parties; no other click has one.
PAID_CLICKS = """
    SELECT coalesce(c.id, h.click_id) AS click, c.price_fen, h.earning_fen AS charged_fen, h.id AS charge
      FROM (SELECT c.*, s.owner_id AS seller, w.owner_id AS owner, t.price_fen AS agreed_fen, t.sold_by
              FROM search_alliance_click c JOIN shops_shop s ON s.id = c.shop_id
              JOIN search_alliance_space w ON w.id = c.space_id
              LEFT JOIN search_alliance_contract t ON t.id = c.contract_id
             WHERE c.price_fen > 0 OR c.verdict = 'valid' AND t.sold_by = 'click') c
      FULL JOIN (SELECT * FROM search_alliance_charge WHERE kind = 'click') h ON h.click_id = c.id
     WHERE (c.verdict, c.sold_by, c.price_fen, c.agreed_fen, c.contract_id, c.space_id, c.shop_id, c.owner, c.seller,
            c.at::date)
           IS DISTINCT FROM ('valid', 'click', h.earning_fen, h.earning_fen, h.contract_id, h.space_id, h.shop_id,
            h.owner_id, h.seller_id, h.at::date) OR h.at < c.at
     ORDER BY 1
"""
# A valid click is one page view from the alliance that carries its number; no other page view is from there.
PAGE_VIEWS = f"""
    WITH clicked AS (
        SELECT c.*, l.shop_id AS leads_to FROM search_alliance_click c
          JOIN search_alliance_link l ON l.id = c.link_id WHERE c.verdict = 'valid'
    ), seen AS (
        SELECT ~charge_id AS click, count(*) AS times, min(shop_id) AS shop_id, min(listing_id) AS listing_id,
               min(visitor) AS visitor, min(member_id) AS member_id, min(at) AS at
          FROM traffic_pageview WHERE source = {ALLIANCE} GROUP BY charge_id
    )
    SELECT coalesce(c.id, v.click) AS click, coalesce(v.times, 0) AS page_views, c.shop_id AS shop,
           v.shop_id AS shop_seen
      FROM clicked c FULL JOIN seen v ON v.click = c.id
     WHERE (1, c.leads_to, c.shop_id, c.listing_id, c.visitor, c.member_id, c.at)
           IS DISTINCT FROM (v.times, v.shop_id, v.shop_id, v.listing_id, v.visitor, v.member_id, v.at)
     ORDER BY 1
"""
# Bills of a contract follow each other without a gap, and each is for as many valid views as lie between its ends.
THOUSANDS = f"""
    SELECT h.id AS charge, h.contract_id AS contract, h.view_count AS billed, v.counted, h.after_view, h.before
      FROM (SELECT h.*, c.price_fen, c.shop_id AS shop, p.space_id AS space,
                   coalesce(lag(h.last_view) OVER (PARTITION BY h.contract_id ORDER BY h.id), 0) AS before
              FROM search_alliance_charge h LEFT JOIN search_alliance_contract c ON c.id = h.contract_id
              LEFT JOIN search_alliance_placement p ON p.id = c.placement_id WHERE h.kind = 'thousands') h
      CROSS JOIN LATERAL (SELECT count(*) AS counted, max(id) AS last FROM search_alliance_view v
                           WHERE v.contract_id = h.contract_id AND v.verdict = 'valid' AND v.id > h.after_view
                             AND v.id <= h.last_view AND v.at < h.day + 1) v
     WHERE (h.view_count, h.after_view, h.last_view, h.view_count % {THOUSAND}, h.earning_fen, h.shop_id, h.space_id)
           IS DISTINCT FROM (v.counted, h.before, v.last, 0, h.price_fen * h.view_count / {THOUSAND}, h.shop, h.space)
     ORDER BY 1
"""
SPENT = """
    SELECT c.id AS contract, c.spent_fen, coalesce(h.fen, 0)::bigint AS charged_fen
      FROM search_alliance_contract c
      LEFT JOIN (SELECT contract_id, sum(CASE kind WHEN 'return' THEN -1 ELSE 1 END * (earning_fen + seller_fee_fen))
                        AS fen FROM search_alliance_charge GROUP BY 1) h ON h.contract_id = c.id
     WHERE c.spent_fen <> coalesce(h.fen, 0) ORDER BY 1
"""
# What stands of each commission, beside what its charges moved.
MOVED = """
    SELECT coalesce(k.id, h.commission_id) AS commission, k.paid_fen, h.earning_fen AS charged_fen
      FROM search_alliance_commission k FULL JOIN (
           SELECT commission_id, sum(way * earning_fen)::bigint AS earning_fen,
                  sum(way * seller_fee_fen)::bigint AS seller_fee_fen, sum(way * owner_fee_fen)::bigint AS owner_fee_fen
             FROM (SELECT *, CASE kind WHEN 'return' THEN -1 ELSE 1 END AS way FROM search_alliance_charge
                    WHERE kind IN ('commission', 'return')) c GROUP BY 1) h ON h.commission_id = k.id
     WHERE (k.paid_fen, k.paid_seller_fee_fen, k.paid_owner_fee_fen) IS DISTINCT FROM
           (coalesce(h.earning_fen, 0), coalesce(h.seller_fee_fen, 0), coalesce(h.owner_fee_fen, 0))
     ORDER BY 1
"""
# A commission beside the trade it is of and the click that won it.
TRADES = """
    SELECT k.id AS commission, k.order_id AS order, k.status, o.status AS order_status
      FROM search_alliance_commission k LEFT JOIN shops_orderline l ON l.id = k.line_id
      LEFT JOIN shops_order o ON o.id = l.order_id LEFT JOIN search_alliance_click c ON c.id = k.click_id
      LEFT JOIN search_alliance_space w ON w.id = c.space_id
     WHERE (k.order_id, k.goods_fen, k.postage_fen, k.refunded_fen, k.shop_id, k.seller_id, k.fixed_at)
           IS DISTINCT FROM (o.id, l.paid_fen, l.postage_fen, l.refunded_fen, o.shop_id, o.seller_id, o.paid_at)
        OR (k.space_id, k.owner_id, k.shop_id, k.contract_id, o.buyer_id, TRUE, TRUE)
           IS DISTINCT FROM (c.space_id, w.owner_id, c.shop_id, c.contract_id, c.who_id, c.earns, c.at <= o.placed_at)
        OR (o.status = 'finished' AND k.status = 'waiting') OR (o.status <> 'finished' AND k.status IN ('settled', 'owed'))
     ORDER BY 1
"""
RULES = (
    ("an alliance charge is what its postings say", POSTINGS),
    ("a paid click has its charge, of its contract's price", PAID_CLICKS),
    ("a valid click is one page view that it bought", PAGE_VIEWS),
    ("the thousands billed are the views counted", THOUSANDS),
    ("a contract has spent what its charges say", SPENT),
    ("what was paid of a commission is what its charges moved", MOVED),
    ("a commission follows its trade and its click", TRADES),
)
STANDS = "what was paid of a commission is its share of what was not refunded"


def audit() -> list[dict[str, Any]]:
    """Every broken rule of the alliance, each row with what it is about."""
    wrong = [{"rule": rule, **row} for rule, sql in RULES for row in dicts(sql)]
    return wrong + shares()


def shares() -> list[dict[str, Any]]:
    """Commissions of which another amount was paid than the arithmetic of `shares.standing` says."""
    return [
        {
            "rule": STANDS, "commission": row["id"], "status": row["status"],
            "due_fen": standing(row).earning_fen, "paid_fen": row["paid_fen"],
        }
        for row in dicts("SELECT * FROM search_alliance_commission ORDER BY id")
        if not _fits(row)
    ]  # fmt: skip


def _fits(row: dict[str, Any]) -> bool:
    """Is what was paid of a commission what its state and its refunds make of it?"""
    due, had = standing(row), paid(row)
    if row["status"] != "settled":
        return had == NONE_DUE and (row["status"] == "undone") == (due.earning_fen == 0)
    if row["clawed_back"]:
        return had == due
    return had.earning_fen >= due.earning_fen  # settled for what stood then, and left alone since
