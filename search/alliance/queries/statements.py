"""Statements of the three parties, and daily bills: sums of charges, each line with the way down to what made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from common.batch import dicts, rows
from traffic.rules import SOURCE

PARTIES = ("seller", "owner", "platform")
# What each party may see: the seller its own shop, the owner its own spaces, the platform all.
OF = {"seller": "h.seller_id = %(member)s", "owner": "h.owner_id = %(member)s", "platform": "TRUE"}
# What a charge is to each of them, in fen: what it gives is below nought.
NET = {
    "seller": "-(h.earning_fen + h.seller_fee_fen)",
    "owner": "h.earning_fen - h.owner_fee_fen",
    "platform": "h.seller_fee_fen + h.owner_fee_fen",
}
SIGNED = """
    SELECT h.*, CASE h.kind WHEN 'return' THEN -1 ELSE 1 END AS way FROM search_alliance_charge h
     WHERE h.day >= %(first)s AND h.day <= %(last)s AND {of}{narrow}
"""
LINES = """
    SELECT h.day, h.space_id AS space, h.shop_id AS shop, h.kind, h.contract_id AS contract, count(*)::int AS charges,
           count(h.click_id)::int AS clicks, coalesce(sum(h.view_count), 0)::bigint AS views,
           count(DISTINCT k.order_id)::int AS orders, sum(h.way * h.earning_fen)::bigint AS earning_fen,
           sum(h.way * h.seller_fee_fen)::bigint AS seller_fee_fen,
           sum(h.way * h.owner_fee_fen)::bigint AS owner_fee_fen, sum(h.way * ({net}))::bigint AS net_fen
      FROM ({signed}) h LEFT JOIN search_alliance_commission k ON k.id = h.commission_id
     GROUP BY h.day, h.space_id, h.shop_id, h.kind, h.contract_id
     ORDER BY h.day, h.space_id, h.shop_id, h.kind, h.contract_id NULLS FIRST
"""
SUMS = ("charges", "clicks", "views", "earning_fen", "seller_fee_fen", "owner_fee_fen", "net_fen")
CHARGES_AT = "/api/alliance/charges/"


def statement(party: str, member: int | None, first: date, last: date) -> dict[str, Any]:
    """What `party` (`member` for seller and owner) paid or got from `first` to `last`, both included, market days.

    `lines`: by day, space, shop, kind of charge and contract; `charges_at` is the address of the charges it sums.
    `days` and `total` are sums of lines, so they cannot disagree. `net_fen`: to the party's balance, signed.
    """
    lines = dicts(
        LINES.format(net=NET[party], signed=SIGNED.format(of=OF[party], narrow="")),
        {"member": member, "first": first, "last": last},
    )
    days: dict[str, dict[str, Any]] = {}
    for line in lines:
        line["day"] = line["day"].isoformat()
        _add(days.setdefault(line["day"], {"day": line["day"], **dict.fromkeys(SUMS, 0)}), line)
        asked = {
            "party": party,
            "day": line["day"],
            "space": line["space"],
            "shop": line["shop"],
            "kind": line["kind"],
        }
        if line["contract"] is not None:
            asked["contract"] = line["contract"]
        line["charges_at"] = f"{CHARGES_AT}?{urlencode(asked)}"
    total = dict.fromkeys(SUMS, 0)
    for day in days.values():
        _add(total, day)
    return {
        "party": party, "member": member, "first": first.isoformat(), "last": last.isoformat(), "total": total,
        "days": list(days.values()), "lines": lines,
    }  # fmt: skip


def _add(sums: dict[str, Any], row: Mapping[str, Any]) -> None:
    for name in SUMS:
        sums[name] += row[name]


# What is behind a charge. The owner of a space sees amounts and days: never a moment, an order or a visitor, from
# which a buyer could be told. The seller sees its own orders. The platform sees who it was.
CHARGES = """
    SELECT h.id, h.kind, h.day, h.space_id AS space, h.shop_id AS shop, h.contract_id AS contract,
           h.earning_fen, h.seller_fee_fen, h.owner_fee_fen, h.click_id AS click,
           h.commission_id AS commission, h.after_view, h.last_view, h.view_count AS views,
           CASE WHEN %(party)s <> 'owner' THEN k.order_id END AS "order",
           CASE WHEN %(party)s <> 'owner' THEN k.line_id END AS line,
           CASE WHEN %(party)s <> 'owner' THEN h.refund_id END AS refund,
           CASE WHEN %(party)s <> 'owner' THEN h.at END AS at,
           k.rate_bps, c.at::date AS clicked_on,
           CASE WHEN %(party)s = 'platform' THEN c.visitor END AS visitor,
           CASE WHEN %(party)s = 'platform' THEN c.who_id END AS clicked_by,
           CASE WHEN %(party)s <> 'owner' AND h.click_id IS NOT NULL THEN ~h.click_id END AS page_view_charge
      FROM search_alliance_charge h LEFT JOIN search_alliance_commission k ON k.id = h.commission_id
      LEFT JOIN search_alliance_click c ON c.id = coalesce(h.click_id, k.click_id)
     WHERE {of}{narrow} AND h.id > %(after)s ORDER BY h.id LIMIT %(most)s
"""
NARROW = {
    "day": "h.day", "space": "h.space_id", "shop": "h.shop_id", "kind": "h.kind", "contract": "h.contract_id",
}  # fmt: skip


def charges(party: str, member: int | None, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The charges behind a line of `party`'s statement, after `query["after"]`, one more than `query["limit"]`."""
    narrow = "".join(f" AND {column} = %({name})s" for name, column in NARROW.items() if name in query)
    return dicts(
        CHARGES.format(of=OF[party], narrow=narrow),
        {"after": 0, **query, "party": party, "member": member, "most": query["limit"] + 1},
    )


# A day's bill of a shop or of a space: only what was bought. Page views by what bought them, thousands by the views
# they are for, commissions by their orders; natural visits are in none of its numbers.
BILLS = """
    WITH clicked AS (
        SELECT {key} AS key, count(*)::int AS clicks, count(*) FILTER (WHERE verdict = 'valid')::int AS valid_clicks,
               count(*) FILTER (WHERE price_fen > 0)::int AS paid_clicks
          FROM search_alliance_click WHERE at >= %(day)s::date AND at < %(day)s::date + 1 GROUP BY 1
    ), shown AS (
        SELECT {key} AS key, count(*)::int AS views, count(*) FILTER (WHERE verdict = 'valid')::int AS valid_views
          FROM search_alliance_view WHERE at >= %(day)s::date AND at < %(day)s::date + 1 GROUP BY 1
    ), seen AS (
        SELECT c.{key} AS key, count(*)::int AS page_views
          FROM traffic_pageview v JOIN search_alliance_click c ON c.id = ~v.charge_id
         WHERE v.source = {source} AND v.at >= %(day)s::date AND v.at < %(day)s::date + 1 GROUP BY 1
    ), charged AS (
        SELECT h.{key} AS key, coalesce(sum(h.view_count), 0)::bigint AS billed_views,
               count(DISTINCT k.order_id)::int AS orders,
               coalesce(sum(h.earning_fen) FILTER (WHERE h.kind = 'click'), 0)::bigint AS clicks_fen,
               coalesce(sum(h.earning_fen) FILTER (WHERE h.kind = 'thousands'), 0)::bigint AS thousands_fen,
               coalesce(sum(h.earning_fen) FILTER (WHERE h.kind = 'commission'), 0)::bigint AS commissions_fen,
               coalesce(sum(h.earning_fen) FILTER (WHERE h.kind = 'return'), 0)::bigint AS returns_fen,
               sum(CASE h.kind WHEN 'return' THEN -1 ELSE 1 END * h.seller_fee_fen)::bigint AS seller_fees_fen,
               sum(CASE h.kind WHEN 'return' THEN -1 ELSE 1 END * h.owner_fee_fen)::bigint AS owner_fees_fen
          FROM search_alliance_charge h LEFT JOIN search_alliance_commission k ON k.id = h.commission_id
         WHERE h.day = %(day)s GROUP BY 1
    )
    SELECT key AS {of}, coalesce(clicks, 0) AS clicks, coalesce(valid_clicks, 0) AS valid_clicks,
           coalesce(paid_clicks, 0) AS paid_clicks, coalesce(page_views, 0) AS page_views, coalesce(views, 0) AS views,
           coalesce(valid_views, 0) AS valid_views, coalesce(billed_views, 0) AS billed_views,
           coalesce(orders, 0) AS orders, coalesce(clicks_fen, 0) AS clicks_fen,
           coalesce(thousands_fen, 0) AS thousands_fen, coalesce(commissions_fen, 0) AS commissions_fen,
           coalesce(returns_fen, 0) AS returns_fen, coalesce(seller_fees_fen, 0) AS seller_fees_fen,
           coalesce(owner_fees_fen, 0) AS owner_fees_fen
      FROM clicked FULL JOIN shown USING (key) FULL JOIN seen USING (key) FULL JOIN charged USING (key)
     WHERE (%(keys)s::bigint[] IS NULL OR key = ANY(%(keys)s)) ORDER BY key
"""


def bills(of: str, day: date, keys: list[int] | None) -> list[dict[str, Any]]:
    """The bills of `day` of every shop or space (`of`), or of `keys` alone."""
    sql = BILLS.format(of=of, key=f"{of}_id", source=SOURCE["alliance"].code)
    found = dicts(sql, {"day": day, "keys": keys})
    for row in found:
        row["day"] = day.isoformat()
        row["charges_at"] = f"{CHARGES_AT}?{urlencode({'day': row['day'], of: row[of]})}"
    return found


OWN = {
    "seller": ("shop", "SELECT id FROM shops_shop WHERE owner_id = %s ORDER BY id"),
    "owner": ("space", "SELECT id FROM search_alliance_space WHERE owner_id = %s ORDER BY id"),
}


def own(side: str, member: int) -> list[int]:
    """The shop of a seller, the spaces of an owner."""
    return [row[0] for row in rows(OWN[side][1], [member])]


def day_bills(party: str, member: int | None, day: date) -> dict[str, Any]:
    """The bills `party` may see: a seller its shop's, an owner its spaces', the platform all of both."""
    found: dict[str, Any] = {"shops": [], "spaces": []}
    for side, (of, _) in OWN.items():
        if party in (side, "platform"):
            found[f"{of}s"] = bills(of, day, None if member is None else own(side, member))
    return found


VISITS = {
    "clicks": """SELECT t.id, t.link_id AS link, t.space_id AS space, t.shop_id AS shop, t.contract_id AS contract,
                        t.at::date AS day, t.verdict, t.price_fen, ~t.id AS page_view_charge,
                        CASE WHEN %(party)s = 'platform' THEN t.visitor END AS visitor,
                        CASE WHEN %(party)s = 'platform' THEN t.who_id END AS clicked_by
                   FROM search_alliance_click t""",
    "views": """SELECT t.id, t.link_id AS link, t.space_id AS space, t.shop_id AS shop, t.contract_id AS contract,
                       t.at::date AS day, t.verdict, 0 AS price_fen, NULL::bigint AS page_view_charge,
                       CASE WHEN %(party)s = 'platform' THEN t.visitor END AS visitor,
                       CASE WHEN %(party)s = 'platform' THEN t.member_id END AS clicked_by
                  FROM search_alliance_view t""",
}
WHOSE = {
    "seller": "EXISTS (SELECT FROM shops_shop s WHERE s.id = t.shop_id AND s.owner_id = %(member)s)",
    "owner": "EXISTS (SELECT FROM search_alliance_space s WHERE s.id = t.space_id AND s.owner_id = %(member)s)",
    "platform": "TRUE",
}


def visits(what: str, party: str, member: int | None, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Clicks or views (`what`) one by one, as `party` may see them: days and verdicts; the platform sees whose."""
    tests = [WHOSE[party], "t.id > %(after)s"]
    tests += [f"t.{name}_id = %({name})s" for name in ("space", "shop", "contract") if name in query]
    if "day" in query:
        tests.append("t.at >= %(day)s::date AND t.at < %(day)s::date + 1")
    return dicts(
        f"{VISITS[what]} WHERE {' AND '.join(tests)} ORDER BY t.id LIMIT %(most)s",
        {"after": 0, **query, "party": party, "member": member, "most": query["limit"] + 1},
    )


ACCOUNT = """
    SELECT coalesce((SELECT received_fen - given_fen FROM payments_account
                      WHERE code = 'alliance:' || %(member)s::bigint), 0)::bigint AS balance_fen,
           coalesce(sum(earning_fen) FILTER (WHERE status IN ('waiting', 'owed')), 0)::bigint AS waiting_fen,
           count(*) FILTER (WHERE status IN ('waiting', 'owed'))::int AS waiting_count
      FROM search_alliance_commission WHERE owner_id = %(member)s
"""


def account(member: int) -> dict[str, Any]:
    """What a space owner has earned and not taken out (below nought: owes), and what waits for trades to succeed,
    before refunds and fees."""
    return {"member": member, **dicts(ACCOUNT, {"member": member})[0]}
