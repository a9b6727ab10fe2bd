"""Which rows of two markets differ: table by table, by the hash of what a row means (`worlds.hashing`)."""

from __future__ import annotations

from typing import Any

from django.db import models

from common.batch import rows
from worlds.current import quoted, use_world
from worlds.hashing import columns, left_out, table_hashes
from worlds.models import World
from worlds.router import market_models

# How a row names the shop and the member it is of: by one of these columns, or as is written here ({s}: the schema).
AD = "(SELECT c.shop_id FROM {s}.search_express_group g JOIN {s}.search_express_campaign c ON c.id = g.campaign_id"
SHOP = {
    "shops_shop": "id",
    "traffic_daily": "CASE WHEN dimension IN (3, 4) THEN key END",
    "search_express_keyword": f"{AD} WHERE g.id = t.group_id)",
    "search_express_creative": f"{AD} WHERE g.id = t.group_id)",
    "search_express_group": f"{AD} WHERE g.id = t.id)",
}
SHOPS, MEMBERS = ("shop_id",), ("member_id", "subject_id", "buyer_id", "seller_id", "owner_id")
MEMBER = {"members_member": "id"}
MOST = 200  # ids named of each table


def tables(a: World, b: World) -> dict[str, Any]:
    """Tables with other rows: {name: {"a", "b" (rows), "only_a", "only_b", "changed", "renumbered", "shops", "members"}}.

    Rows are matched by their key where it means something, and counted as `changed` when their content differs;
    rows of a table numbered by a sequence have no such key, so they are only there or not. `renumbered`: equal
    but for their own number, because something came before them. `shops` and `members` name (at most 200 of)
    those the differing rows are of.
    """
    found = []
    for world in (a, b):
        with use_world(world.schema):
            found.append(table_hashes())
    odd = sorted(name for name in found[0] if found[0][name] != found[1][name])
    by_table = {model._meta.db_table: model for model in market_models()}
    return {name: _differing(by_table[name], a.schema, b.schema) for name in odd}


def _differing(model: type[models.Model], a: str, b: str) -> dict[str, Any]:
    """Equal rows cancel out, then those that are equal but for their number; what is left is matched by key."""
    table = model._meta.db_table
    held = columns(model, left_out())
    key = _key(model, held)
    shop, member = _named(table, held, SHOP, SHOPS), _named(table, held, MEMBER, MEMBERS)
    whole, bare = _hash(held), _hash([name for name in held if name not in key] or held)
    side = """
        SELECT *, row_number() OVER (PARTITION BY whole) AS copy
          FROM (SELECT {whole} AS whole, {bare} AS bare, {key} AS key, ({shop})::bigint AS shop,
                       ({member})::bigint AS member FROM {schema}."{table}" t) r
    """
    first, second = (
        side.format(
            whole=whole, bare=bare, key=_hash(key or held), shop=shop.format(s=quoted(schema)), member=member, table=table,
            schema=quoted(schema),
        )
        for schema in (a, b)
    )  # fmt: skip
    sql = f"""
        WITH a AS MATERIALIZED ({first}), b AS MATERIALIZED ({second}),
        odd_a AS (SELECT *, row_number() OVER (PARTITION BY bare) AS twin FROM a
                   WHERE NOT EXISTS (SELECT FROM b WHERE b.whole = a.whole AND b.copy = a.copy)),
        odd_b AS (SELECT *, row_number() OVER (PARTITION BY bare) AS twin FROM b
                   WHERE NOT EXISTS (SELECT FROM a WHERE b.whole = a.whole AND b.copy = a.copy)),
        left_a AS MATERIALIZED (SELECT * FROM odd_a x WHERE NOT EXISTS (
            SELECT FROM odd_b y WHERE y.bare = x.bare AND y.twin = x.twin)),
        left_b AS MATERIALIZED (SELECT * FROM odd_b x WHERE NOT EXISTS (
            SELECT FROM odd_a y WHERE y.bare = x.bare AND y.twin = x.twin)),
        named AS (SELECT shop, member FROM left_a UNION SELECT shop, member FROM left_b)
        SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b),
               (SELECT count(*) FROM left_a x WHERE NOT EXISTS (SELECT FROM left_b y WHERE y.key = x.key)),
               (SELECT count(*) FROM left_b x WHERE NOT EXISTS (SELECT FROM left_a y WHERE y.key = x.key)),
               (SELECT count(*) FROM left_b x WHERE EXISTS (SELECT FROM left_a y WHERE y.key = x.key)),
               (SELECT count(*) FROM odd_a) - (SELECT count(*) FROM left_a),
               ARRAY(SELECT DISTINCT shop FROM named WHERE shop IS NOT NULL ORDER BY 1 LIMIT {MOST}),
               ARRAY(SELECT DISTINCT member FROM named WHERE member IS NOT NULL ORDER BY 1 LIMIT {MOST})
    """
    names = ("a", "b", "only_a", "only_b", "changed", "renumbered", "shops", "members")
    return dict(zip(names, rows(sql)[0], strict=True))


def _hash(names: list[str]) -> str:
    """128 bits of what these columns hold."""
    return "md5(ROW({})::text)::uuid".format(", ".join(f't."{name}"' for name in names))


def _key(model: type[models.Model], held: list[str]) -> list[str]:
    """The columns of the primary key, when they are part of what a row means."""
    names = [str(field.column) for field in model._meta.pk_fields]
    return names if all(name in held for name in names) else []


def _named(table: str, held: list[str], own: dict[str, str], usual: tuple[str, ...]) -> str:
    if table in own:
        return own[table]
    return next((f't."{name}"' for name in usual if name in held), "NULL")
