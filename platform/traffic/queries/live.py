"""The open day: the same figures straight from the rows, kept a few real seconds in Redis.

Redis holds nothing that matters: when it is away or forgets, the figures are computed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any

import orjson
import redis
import structlog
from django.conf import settings

from common.batch import dicts
from common.moments import day_of, show
from traffic.queries.figures import by_source, shown
from traffic.recompute import figures
from traffic.rules import DIMENSIONS
from worlds.pen import glance

SECONDS = 2  # real seconds that an answer may be old
TOP = 10
log = structlog.get_logger()


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


def live(of: str = "market", key: int = 0) -> dict[str, Any]:
    """The open day so far, of the market, a shop, a section or a listing: {at, day, figures, sources?, …}."""
    moment = glance()
    day = day_of(moment.at)
    name = f"jishi:live:{moment.uid}:{day}:{of}:{key}"
    kept = _kept(name)
    if kept is None:
        kept = {"at": show(moment.at), "day": day.isoformat(), **_computed(day, of, key)}
        _keep(name, kept)
    return kept


def _kept(name: str) -> dict[str, Any] | None:
    try:
        found = _redis().get(name)
    except redis.RedisError as error:
        log.warning("live figures are computed: Redis does not answer", error=str(error))
        return None
    return orjson.loads(found) if isinstance(found, bytes) else None


def _keep(name: str, figures_of: dict[str, Any]) -> None:
    with suppress(redis.RedisError):  # said when it was asked
        _redis().set(name, orjson.dumps(figures_of), ex=SECONDS)


def _computed(day: date, of: str, key: int) -> dict[str, Any]:
    """Figures of the slice, and what it is made of: sources and liveliest shops or listings."""
    found = figures(day, of=of, key=key)
    by_dimension: dict[int, list[dict[str, Any]]] = {number: [] for number in DIMENSIONS.values()}
    for row in found:
        by_dimension[row["dimension"]].append(row)
    own = [row for row in by_dimension[DIMENSIONS[of]] if row["key"] == key]
    answer: dict[str, Any] = {"figures": shown(own[0] if own else None)}
    if of == "market":
        answer["sources"] = by_source(by_dimension[DIMENSIONS["source"]])
        answer["shops"] = _liveliest(by_dimension[DIMENSIONS["shop"]], "shop", "shops_shop", "name")
    if of == "shop":
        mine = {row["id"] for row in dicts("SELECT id FROM shops_listing WHERE shop_id = %s", [key])}
        listings = [row for row in by_dimension[DIMENSIONS["listing"]] if row["key"] in mine]
        answer["sources"] = by_source(
            [row for row in by_dimension[DIMENSIONS["shop_source"]] if row["key"] == key]
        )
        answer["listings"] = _liveliest(listings, "listing", "shops_listing", "title")
    return answer


def _liveliest(rows: list[dict[str, Any]], noun: str, table: str, name: str) -> list[dict[str, Any]]:
    top = sorted(rows, key=lambda row: (-row["pv"], row["key"]))[:TOP]
    wanted = [row["key"] for row in top]
    called = {
        row["id"]: row[name] for row in dicts(f"SELECT id, {name} FROM {table} WHERE id = ANY(%s)", [wanted])
    }
    return [{noun: row["key"], name: called[row["key"]], **shown(row)} for row in top]
