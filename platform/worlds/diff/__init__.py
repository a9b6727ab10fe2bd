"""How two markets differ: levers, members, shops, totals, bids, rows; who gained what. In SQL across both schemas.

Members and shops are matched by id: in forks of one market, and in equal worlds under two regimes, the same
id is the same person. What is measured stands in `measures`; how rows are matched in `touched`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from common.batch import dicts, rows
from worlds.current import quoted
from worlds.diff.gains import BY_SOURCE_FIGURES, gains, summary
from worlds.diff.measures import BIDS, LEVERS, OF_MEMBERS, OF_SHOPS, TOTALS
from worlds.diff.touched import tables
from worlds.models import World


def diff(a: World, b: World) -> dict[str, Any]:
    """`levers` that stand differently now, `members` and `shops` with another figure, and all `totals`.

    Each figure is {"a", "b", "change"}: b less a; a row that only one world has is None on the other side.
    Rows come with the largest change of their first measures first. Besides: `bids` that differ, `sources`
    (what each source brought), `tables` whose rows differ, `gains` (who gained what, the largest gain and loss
    first, with shares of the whole), `summary` (winners, losers, Gini on each side, and the same in words).
    """
    shops = _rows("shops_shop", "name", OF_SHOPS, a, b)
    totals = _totals(a, b)
    gained = gains(a, b)
    return {
        "a": a.name,
        "b": b.name,
        "levers": _levers(a, b),
        "members": _rows("members_member", "nick", OF_MEMBERS, a, b),
        "shops": shops,
        "totals": totals,
        "bids": _bids(a, b),
        "sources": _sources(a, b),
        "tables": tables(a, b),
        "gains": gained,
        "summary": summary(gained),
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


def _bids(a: World, b: World) -> list[dict[str, Any]]:
    """Keywords, ads and campaigns whose bid (a campaign: its day's budget) or status differs."""
    first, second = (
        {(row["what"], row["id"]): row for row in dicts(BIDS.format(s=quoted(world.schema)))}
        for world in (a, b)
    )
    found = []
    for key in sorted(first.keys() | second.keys()):
        before, after = first.get(key, {}), second.get(key, {})
        if before != after:
            found.append(
                {name: (after or before)[name] for name in ("what", "id", "shop", "name")}
                | {"fen": _figure(before.get("bid_fen"), after.get("bid_fen"))}
                | {"status": {"a": before.get("status"), "b": after.get("status")}}
            )
    return found


def _sources(a: World, b: World) -> dict[str, Any]:
    """What each source brought to all shops together: views, and visitors with days added up."""
    first, second = (
        {row[0]: row[1:] for row in rows(BY_SOURCE_FIGURES.format(s=quoted(world.schema)))}
        for world in (a, b)
    )
    nothing = (0, 0)
    return {
        str(source): {
            name: _figure(int(first.get(source, nothing)[n]), int(second.get(source, nothing)[n]))
            for n, name in enumerate(("pv", "uv"))
        }
        for source in sorted(first.keys() | second.keys())
    }


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
