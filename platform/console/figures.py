"""What the front page tells of a market: its clock, its days, its liveliest shops, and what circulates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import get_language

from common.batch import dicts
from common.errors import NotFound
from common.moments import SHANGHAI, day_of
from ratings.queries import credit
from simulation.scenario import scenario
from traffic.queries import figures as daily
from traffic.queries.live import live
from traffic.rules import SOURCES
from worlds.live import State, state

DAYS = 14  # drawn as charts
LATELY = 7  # days a shop is called lively by
LIVELY = 8

# Shops by what they drew in the last closed days; a hidden or closed shop is not shown.
LIVELIEST = """
    SELECT s.id, s.owner_id AS owner, s.name, s.section_id AS section, s.region,
           coalesce(s.online_until > %(now)s, false) AS online, t.pv, t.uv, t.trades, t.paid_fen, t.by_day
      FROM (SELECT key, sum(pv)::bigint AS pv, sum(uv_daily)::bigint AS uv, sum(orders_paid)::bigint AS trades,
                   sum(paid_fen)::bigint AS paid_fen, jsonb_object_agg(day, pv)::text AS by_day
              FROM traffic_daily WHERE dimension = 3 AND day > %(after)s AND day <= %(through)s
             GROUP BY key ORDER BY 2 DESC, key LIMIT %(most)s) t
      JOIN shops_shop s ON s.id = t.key AND s.status = 'open'
     ORDER BY t.pv DESC, s.id LIMIT %(limit)s
"""
# Everything of the account record and the key descriptors that no other figure holds: published or revealed only.
CIRCULATING = """
    SELECT (SELECT count(*) FROM ratings_weight w WHERE w.on = %(day)s AND w.verdict IS NOT NULL) AS feedback,
           (SELECT count(*) FROM ratings_weight w WHERE w.on = %(day)s AND w.verdict = 1) AS good,
           (SELECT count(*) FROM shops_order o WHERE o.finished_at >= %(start)s AND o.finished_at < %(end)s) AS finished,
           (SELECT count(*) FROM members_member) AS members,
           (SELECT count(*) FROM shops_shop WHERE status = 'open') AS shops,
           (SELECT count(*) FROM search_descriptor) AS listings,
           (SELECT avg(description)::float8 FROM ratings_index WHERE answers > 0) AS description,
           (SELECT avg(service)::float8 FROM ratings_index WHERE answers > 0) AS service,
           (SELECT avg(delivery)::float8 FROM ratings_index WHERE answers > 0) AS delivery,
           (SELECT through FROM search_fold) AS indexed_through,
           (SELECT json_agg(json_build_array(level, shops) ORDER BY level)::text::json
              FROM (SELECT coalesce(c.level, 0) AS level, count(*) AS shops
                      FROM shops_shop s LEFT JOIN ratings_credit c ON c.id = s.owner_id * 2
                     WHERE s.status = 'open' GROUP BY 1) g) AS levels,
           (SELECT count(*) FROM regime_lever WHERE regime = '' AND effective_at <= %(now)s) AS changes
"""


@dataclass(frozen=True)
class Story:
    """What a market calls itself."""

    title: str
    why: str


def story(world: dict[str, Any]) -> Story:
    """The words of the scenario a market was made from; its own name when there are none."""
    try:
        plan = scenario(world["scenario"])
    except NotFound:
        return Story(world["name"], "")
    chinese = (get_language() or "").startswith("zh")
    return Story(plan.title_zh, plan.why_zh or plan.why) if chinese else Story(plan.title, plan.why)


@dataclass(frozen=True)
class Clock:
    """The market's moment (in Shanghai), and whether time passes by itself."""

    at: datetime
    live: bool
    speed: int


def clock() -> Clock:
    now: State = state()
    return Clock(now.at.astimezone(SHANGHAI), now.mode == "live", round(now.speed))


def days(limit: int = DAYS) -> list[dict[str, Any]]:
    """The market's last closed days, the earliest first."""
    found = daily.days("market", 0, since=None, before=None, limit=limit)
    return [{**row, "on": date.fromisoformat(row["day"])} for row in reversed(found)]


def liveliest(now: datetime, through: date) -> list[dict[str, Any]]:
    """The shops that drew most views in the week that ends with `through`, with their public standing."""
    after = through - timedelta(days=LATELY)
    found = dicts(
        LIVELIEST,
        {"now": now, "after": after, "through": through, "limit": LIVELY, "most": LIVELY * 3},
    )
    return with_standing([row | {"week": _week(row["by_day"], after)} for row in found])


def _week(by_day: str, after: date) -> list[int]:
    import orjson

    seen = orjson.loads(by_day)
    return [seen.get((after + timedelta(days=n)).isoformat(), 0) for n in range(1, LATELY + 1)]


def with_standing(shops: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shops with their owners' published grade, good rate and indices."""
    there = {s.member: s for s in credit.standings([shop["owner"] for shop in shops])} if shops else {}
    return [{**shop, "standing": there[shop["owner"]]} for shop in shops]


@dataclass(frozen=True)
class Circulation:
    """One day of the two currencies: eyeballs by source, the record they leave, the descriptors made of it.

    The open day once a first trade was paid on it; until then the last closed one (`open` says which).
    """

    day: date
    open: bool
    figures: dict[str, Any]
    sources: list[dict[str, Any]]
    more: dict[str, Any]

    @property
    def schemes(self) -> dict[str, int]:
        """Page views by the scheme that gave them (Li 2014, table 6-2)."""
        found: dict[str, int] = {}
        for source, row in zip(SOURCES, self.sources, strict=True):
            found[source.scheme] = found.get(source.scheme, 0) + row["pv"]
        return found


def circulation(now: datetime, closed: Sequence[dict[str, Any]]) -> tuple[Circulation, dict[str, Any]]:
    """What circulates, and the open day's own figures so far."""
    today = live()
    last: date | None = closed[-1]["on"] if closed else None
    opened = today["figures"]["orders_paid"] > 0 or last is None
    day = day_of(now) if opened or last is None else last
    start = datetime.combine(day, datetime.min.time(), tzinfo=SHANGHAI)
    [more] = dicts(CIRCULATING, {"day": day, "start": start, "end": start + timedelta(days=1), "now": now})
    if opened:
        return Circulation(day, True, today["figures"], today["sources"], more), today["figures"]
    return Circulation(day, False, closed[-1], daily.sources_of(day, "source"), more), today["figures"]
