"""Daily traffic bills per shop and per web space, from bought sources only, and the page views behind each line.

A line is a sum of `BILLED`: one row for each thing that was charged or given back, with the page view it is for. So a
natural visit, which no row is of, is in no bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from common.batch import dicts
from search.alliance.queries.statements import OF, own
from search.alliance.rules import CHARGES
from traffic.rules import PAGE_NAME, SOURCE

AD, ALLIANCE = SOURCE["keyword_ad"], SOURCE["alliance"]
KINDS = ("click", "thousands", "commission", "return")
VIEWS_AT = "/api/traffic/bills/views/"
ON = "at >= %(day)s::date AND at < %(day)s::date + 1"
WAY = " ".join(f"WHEN '{kind}' THEN {way}" for kind, way in CHARGES.items())
# A click's page view: its number is the view's charge. Who earns by a click that was a repeat bought no view by it: it
# is the page that this click opened.
OF_CLICK = """
    SELECT id, at, page, listing_id, charge_id FROM traffic_pageview v
     WHERE v.at = c.at AND v.visitor = c.visitor AND v.shop_id = c.shop_id
       AND (v.charge_id = ~c.id OR c.verdict <> 'valid' AND v.charge_id IS NULL) ORDER BY id LIMIT 1
"""
CHARGED = f"""
    SELECT '{ALLIANCE.name}' AS source, h.kind, h.shop_id AS shop, h.space_id AS space, NULL::bigint AS campaign,
           h.contract_id AS contract, h.id AS n, coalesce(h.view_count, 1) AS quantity,
           CASE h.kind {WAY} END * (h.earning_fen + h.seller_fee_fen) AS shop_fen,
           CASE h.kind {WAY} END * (h.earning_fen - h.owner_fee_fen) AS space_fen, h.seller_id, h.owner_id,
           k.order_id AS "order", v.id AS view, v.at, v.page, v.listing_id AS listing, v.charge_id AS charge,
           c.at::date AS clicked_on, h.after_view, h.last_view
      FROM search_alliance_charge h LEFT JOIN search_alliance_commission k ON k.id = h.commission_id
      LEFT JOIN search_alliance_click c ON c.id = coalesce(h.click_id, k.click_id)
"""
BILLED = f"""
    SELECT '{AD.name}' AS source, 'click' AS kind, k.shop_id AS shop, NULL::bigint AS space, k.campaign_id AS campaign,
           NULL::bigint AS contract, k.id AS n, 1 AS quantity, k.price_fen AS shop_fen, NULL::bigint AS space_fen,
           k.seller_id, NULL::bigint AS owner_id, NULL::bigint AS "order", v.id AS view, v.at, v.page,
           v.listing_id AS listing, v.charge_id AS charge, k.at::date AS clicked_on, NULL::bigint AS after_view,
           NULL::bigint AS last_view
      FROM (SELECT * FROM search_express_click WHERE verdict = 'valid' AND {ON}) k
      LEFT JOIN (SELECT * FROM traffic_pageview WHERE source = {AD.code} AND {ON}) v ON v.charge_id = k.id
     UNION ALL
    SELECT '{AD.name}', 'return', c.shop_id, NULL, c.id, NULL, c.id, 1, -s.returned_fen, NULL, c.seller_id, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM search_express_spending s JOIN search_express_campaign c ON c.id = s.campaign_id
     WHERE s.day = %(day)s AND s.returned_fen > 0
     UNION ALL
    {CHARGED} LEFT JOIN (SELECT * FROM traffic_pageview WHERE source = {ALLIANCE.code} AND {ON}) v ON v.charge_id = ~c.id
     WHERE h.day = %(day)s AND h.kind IN ('click', 'thousands')
     UNION ALL
    {CHARGED} LEFT JOIN LATERAL ({OF_CLICK}) v ON true WHERE h.day = %(day)s AND h.kind NOT IN ('click', 'thousands')
"""
# What a line is of, beside whose bill it is in.
LINE = {
    "shop": ("source", "kind", "campaign", "space", "contract"),
    "space": ("source", "kind", "shop", "contract"),
}
LINES = {
    of: f"""
    SELECT {of} AS key, {", ".join(names)}, sum(quantity)::bigint AS quantity, count(DISTINCT view) AS page_views,
           sum({of}_fen)::bigint AS amount_fen
      FROM ({BILLED}) b WHERE {of} IS NOT NULL AND (%(keys)s::bigint[] IS NULL OR {of} = ANY(%(keys)s))
     GROUP BY {of}, {", ".join(names)} ORDER BY {of}, {", ".join(f"{name} NULLS FIRST" for name in names)}
"""
    for of, names in LINE.items()
}
SIDE = {"shop": "seller", "space": "owner"}


def day_bills(member: int | None, day: date, asked: Mapping[str, int | None]) -> dict[str, Any]:
    """The bills of `day`: of a member's shop and spaces, or of all (None: the platform); of `asked` (shop, space)
    alone where one is named."""
    found: dict[str, Any] = {"day": day.isoformat()}
    named = any(asked.get(of) is not None for of in SIDE)
    for of, side in SIDE.items():
        keys = None if member is None else own(side, member)
        if named:
            keys = [key for key in (asked.get(of),) if key is not None and (keys is None or key in keys)]
        found[f"{of}s"] = bills(of, day, keys, party="platform" if member is None else side)
    return found


def bills(of: str, day: date, keys: Sequence[int] | None, *, party: str = "platform") -> list[dict[str, Any]]:
    """The bills of `day` of shops or spaces (`of`; `keys` None: all), each with its lines and their sums.

    `amount_fen` of a shop is what it paid, fees included; of a space what it got, fees taken off. `quantity`: clicks,
    views shown (thousands), or sales. `views_at`: the address of the page views behind the line, as `party` sees them.
    """
    made: dict[int, dict[str, Any]] = {}
    for line in dicts(LINES[of], {"day": day, "keys": None if keys is None else list(keys)}):
        key = line.pop("key")
        bill = made.setdefault(key, {of: key, "amount_fen": 0, "lines": []})
        asked = {"party": party, "day": day.isoformat(), of: key, **_of_line(of, line)}
        line["views_at"] = f"{VIEWS_AT}?{urlencode(asked)}"
        bill["lines"].append(line)
        bill["amount_fen"] += line["amount_fen"]
    return list(made.values())


def _of_line(of: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """What asks for all that is behind a line, and nothing of another."""
    return {name: line[name] for name in LINE[of] if line[name] is not None} | {
        "contract": line["contract"] or 0
    }


NARROW = {name: f"b.{name}" for name in ("shop", "space", "source", "kind", "campaign")} | {
    "contract": "coalesce(b.contract, 0)"  # 0: by none, but a standing offer
}
# The owner of a space sees amounts and days: never a moment, an order, or a page view, from which a buyer could be told.
SECRET = ("order", "view", "at", "listing", "charge")
BEHIND = """
    SELECT b.n, b.source, b.kind, b.shop, b.space, b.campaign, b.contract, b.quantity, b.{amount} AS amount_fen,
           b.clicked_on, b.page, b.order, b.view, b.at, b.listing, b.charge, b.after_view, b.last_view
      FROM ({billed}) b WHERE {whose}{narrow} AND b.n > %(after)s ORDER BY b.n LIMIT %(most)s
"""


def behind(party: str, member: int | None, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is behind a line (`query`: its day, source, kind, and whatever else it is of), one row for each click, sale
    or charge after `n`; one more than `limit`. `view` is the page view's number, `charge` what it carries as
    `charge_id`; the views of a thousand are those of its contract after `after_view`, until `last_view`."""
    narrow = "".join(f" AND {column} = %({name})s" for name, column in NARROW.items() if name in query)
    whose = OF[party].replace("h.", "b.")
    amount = "space_fen" if party == "owner" else "shop_fen"
    sql = BEHIND.format(billed=BILLED, whose=whose, narrow=narrow, amount=amount)
    found = dicts(sql, {"after": 0, **query, "member": member, "most": query["limit"] + 1})
    for row in found:
        row["page"] = PAGE_NAME.get(row["page"])
        if party == "owner":
            row.update(dict.fromkeys(SECRET))
    return found


def shop_bill(shop: int, day: date) -> dict[str, Any]:
    """A shop's bill of a day with what is behind each line, for `./jishi explain`."""
    [bill] = bills("shop", day, [shop]) or [{"shop": shop, "amount_fen": 0, "lines": []}]
    for line in bill["lines"]:
        del line["views_at"]
        query = {"day": day, "shop": shop, "limit": EXPLAINED, **_of_line("shop", line)}
        line["behind"] = [
            {
                name: str(value) if name in ("at", "clicked_on") else value
                for name, value in row.items()
                if value is not None
            }
            for row in behind("platform", None, query)[:EXPLAINED]
        ]
    return {"day": day.isoformat(), **bill}


EXPLAINED = 100  # rows of a line that an explanation shows
