"""How two markets differ: levers, members, shops, totals; who gained what. In SQL across both schemas.

Members and shops are matched by id: in forks of one market, and in equal worlds under two regimes, the same
id is the same person. A measure is one row of the tables below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from common.batch import dicts, rows
from worlds.current import quoted
from worlds.models import World

# {s} stands for a market's schema. Measures of a member: (id, whole number).
OF_MEMBERS: dict[str, str] = {
    "balance_fen": "SELECT substr(code, 8)::bigint, received_fen - given_fen FROM {s}.payments_account"
    " WHERE starts_with(code, 'member:')",
    "earned_fen": "SELECT seller_id, sum(total_fen - refunded_fen) FROM {s}.shops_order"
    " WHERE status = 'finished' GROUP BY 1",
    "spent_fen": "SELECT buyer_id, sum(total_fen - refunded_fen) FROM {s}.shops_order"
    " WHERE status NOT IN ('placed', 'cancelled') GROUP BY 1",
    "credit_as_seller": "SELECT member_id, points FROM {s}.ratings_credit WHERE role = 'seller'",
    "credit_as_buyer": "SELECT member_id, points FROM {s}.ratings_credit WHERE role = 'buyer'",
}

# Measures of a shop: (id, whole number).
OF_SHOPS: dict[str, str] = {
    "sales_fen": "SELECT shop_id, sum(total_fen - refunded_fen) FROM {s}.shops_order"
    " WHERE status NOT IN ('placed', 'cancelled') GROUP BY 1",
    "orders": "SELECT shop_id, count(*) FROM {s}.shops_order GROUP BY 1",
    "pv": "SELECT shop_id, count(*) FROM {s}.traffic_pageview WHERE shop_id IS NOT NULL GROUP BY 1",
    "listings_on_sale": "SELECT shop_id, count(*) FROM {s}.shops_listing WHERE status = 'on_sale' GROUP BY 1",
}

TOTALS: dict[str, str] = {
    "members": "SELECT count(*) FROM {s}.members_member",
    "shops": "SELECT count(*) FROM {s}.shops_shop",
    "listings": "SELECT count(*) FROM {s}.shops_listing",
    "orders": "SELECT count(*) FROM {s}.shops_order",
    "orders_finished": "SELECT count(*) FROM {s}.shops_order WHERE status = 'finished'",
    "gmv_fen": "SELECT coalesce(sum(total_fen), 0) FROM {s}.shops_order"
    " WHERE status NOT IN ('placed', 'cancelled')",
    "refunded_fen": "SELECT coalesce(sum(refunded_fen), 0) FROM {s}.shops_order",
    "pv": "SELECT count(*) FROM {s}.traffic_pageview",
    "feedback": "SELECT count(*) FROM {s}.ratings_feedback",
    "money_moved_fen": "SELECT coalesce(sum(amount_fen), 0) FROM {s}.payments_transfer",
    "events": "SELECT count(*) FROM {s}.events_event",
}

LEVERS = """
    WITH a AS (SELECT DISTINCT ON (name) name, value FROM {a}.regime_lever
                WHERE effective_at <= (SELECT now_at FROM {a}.worlds_clock)
                ORDER BY name, effective_at DESC, id DESC),
         b AS (SELECT DISTINCT ON (name) name, value FROM {b}.regime_lever
                WHERE effective_at <= (SELECT now_at FROM {b}.worlds_clock)
                ORDER BY name, effective_at DESC, id DESC)
    SELECT name AS lever, a.value::text AS a, b.value::text AS b FROM a FULL JOIN b USING (name)
     WHERE a.value IS DISTINCT FROM b.value ORDER BY name
"""


def diff(a: World, b: World) -> dict[str, Any]:
    """`levers` that stand differently now, `members` and `shops` with another figure, and all `totals`.

    Each figure is {"a", "b", "change"}: b less a; a row that only one world has is None on the other side.
    Rows come with the largest change of their first measures first.
    """
    return {
        "a": a.name,
        "b": b.name,
        "levers": _levers(a, b),
        "members": _rows("members_member", "nick", OF_MEMBERS, a, b),
        "shops": _rows("shops_shop", "name", OF_SHOPS, a, b),
        "totals": _totals(a, b),
    }


def _levers(a: World, b: World) -> list[dict[str, Any]]:
    found = dicts(LEVERS.format(a=quoted(a.schema), b=quoted(b.schema)))
    return [
        {"lever": row["lever"], **{side: orjson.loads(row[side] or "null") for side in ("a", "b")}}
        for row in found
    ]


def _figure(a: int | None, b: int | None) -> dict[str, int | None]:
    return {"a": a, "b": b, "change": (b or 0) - (a or 0)}


def _totals(a: World, b: World) -> dict[str, Any]:
    parts = [
        f"SELECT '{name}', ({sql.format(s=quoted(a.schema))})::bigint,"
        f" ({sql.format(s=quoted(b.schema))})::bigint"
        for name, sql in TOTALS.items()
    ]
    return {name: _figure(before, after) for name, before, after in rows(" UNION ALL ".join(parts))}


def _side(table: str, label: str, measures: Mapping[str, str], schema: str) -> str:
    parts = " UNION ALL ".join(
        f"SELECT m.id, '{name}' AS measure, m.value::bigint FROM ({sql.format(s=schema)}) m (id, value)"
        for name, sql in measures.items()
    )
    return f"""
        SELECT t.id, t.{label} AS name, coalesce(jsonb_object_agg(f.measure, f.value)
               FILTER (WHERE f.value <> 0), '{{}}') AS facts
          FROM {schema}.{table} t LEFT JOIN ({parts}) f USING (id) GROUP BY t.id
    """


def _rows(table: str, label: str, measures: Mapping[str, str], a: World, b: World) -> list[dict[str, Any]]:
    sides = (_side(table, label, measures, quoted(world.schema)) for world in (a, b))
    sql = """
        SELECT id, a.name AS a, b.name AS b, a.facts::text AS before, b.facts::text AS after
          FROM ({}) a FULL JOIN ({}) b USING (id) WHERE a IS DISTINCT FROM b ORDER BY id
    """.format(*sides)
    found = [_row(row, measures) for row in dicts(sql)]
    return sorted(
        found, key=lambda row: [-abs(row["changed"].get(name, {}).get("change", 0)) for name in measures]
    )


def _row(row: dict[str, Any], measures: Mapping[str, str]) -> dict[str, Any]:
    before, after = (orjson.loads(row[side] or "{}") for side in ("before", "after"))
    changed = {
        name: _figure(before.get(name, 0) if row["a"] else None, after.get(name, 0) if row["b"] else None)
        for name in measures
        if before.get(name, 0) != after.get(name, 0) or not (row["a"] and row["b"])
    }
    shown = {"id": row["id"], "name": row["b"] or row["a"], "only_in": None, "changed": changed}
    if not (row["a"] and row["b"]):
        shown["only_in"] = "a" if row["a"] else "b"
    return shown
