"""Quality scores from the tables below: one statement for all keywords or for some; the bid is nowhere in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.batch import dicts, execute
from common.moments import day_of
from regime import queries as regime
from regime.levers.attention import Auction as Levers
from search.express.rules import DIMENSIONS, FULL_CTR_BPS, HISTORY_DAYS, PRIOR
from search.rules import TERM

PARTS = ("relevance", "ctr", "experience", "account")
FULL = 10_000


def _rate(dimension: str, alias: str) -> str:
    """SQL: smoothed clicks / impressions of a history, 10,000 at FULL_CTR_BPS; whole numbers all the way."""
    clicks, impressions = PRIOR[dimension]
    said = f"(coalesce({alias}.clicks, 0) + {clicks})::bigint * {FULL} * {FULL}"
    return (
        f"least({said} / ((coalesce({alias}.impressions, 0) + {impressions}) * {FULL_CTR_BPS}), {FULL})::int"
    )


def _share(found: str) -> str:
    return f"(SELECT count(*) FROM unnest(k.words) w WHERE {found})::int"


HISTORY = """
    SELECT key, sum(clicks) AS clicks, sum(impressions) AS impressions FROM search_express_daily
     WHERE dimension = {dimension} AND day > %(since)s GROUP BY key
"""
IN_TITLE = "'^' || w = ANY(d.said) OR w = ANY(d.shown)"
SAID = f"w = ANY(d.said) OR {IN_TITLE}"
BOUGHT = """
    SELECT k.id, k.words, k.group_id, g.listing_id, c.seller_id
      FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id
      JOIN search_express_campaign c ON c.id = g.campaign_id WHERE k.status <> 'removed' {some}
"""
# Words that nobody bought have numbers below nought: no history is theirs. Group 0: none, with nothing written for it.
UNBOUGHT = """
    SELECT -n AS id, string_to_array(said, ' ') AS words, %(group)s::bigint AS group_id, %(listing)s::bigint AS listing_id,
           %(seller)s::bigint AS seller_id FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS t (said, n)
"""
# Listings that are not for sale now have no document: nothing is known to be relevant to them.
QUALITY = f"""
    WITH wanted AS MATERIALIZED ({{wanted}}), documents AS MATERIALIZED (
        SELECT g.group_id, tsvector_to_array(d.tokens) AS said,
               ARRAY(SELECT DISTINCT w FROM search_express_creative v, unnest(v.words) w
                      WHERE v.group_id = g.group_id AND v.status = 'approved') AS shown,
               CASE WHEN r.misplaced THEN 2 ELSE 1 END AS divided,
               (500 * coalesce(r.level, 0) + {TERM["dsr"].value}) / 2 AS experience
          FROM (SELECT DISTINCT group_id, listing_id FROM wanted) g LEFT JOIN search_document d ON d.id = g.listing_id
          LEFT JOIN search_descriptor r ON r.id = g.listing_id
    ), parts AS (
        SELECT k.id,
               (6000 * {_share(IN_TITLE)} + 4000 * {_share(SAID)}) / cardinality(k.words) / d.divided AS relevance,
               {_rate("keyword", "h")} AS ctr, d.experience, {_rate("account", "a")} AS account
          FROM wanted k JOIN documents d ON d.group_id = k.group_id
          LEFT JOIN ({HISTORY.format(dimension=DIMENSIONS["keyword"][0])}) h ON h.key = k.id
          LEFT JOIN ({HISTORY.format(dimension=DIMENSIONS["account"][0])}) a ON a.key = k.seller_id
    ), weighed AS (
        SELECT p.*, greatest(({" + ".join(f"p.{name}::bigint * %({name})s" for name in PARTS)}) / %(sum)s, 1)::int AS quality
          FROM parts p
    )
"""
COLUMNS = (*PARTS, "quality")
OTHERWISE = (
    f"({', '.join(f'k.{n}' for n in COLUMNS)}) IS DISTINCT FROM ({', '.join(f'w.{n}' for n in COLUMNS)})"
)
REBUILD = f"""{QUALITY}
    UPDATE search_express_keyword k SET {", ".join(f"{n} = w.{n}" for n in COLUMNS)}
      FROM weighed w WHERE w.id = k.id AND {OTHERWISE}
"""


def given(levers: Levers, at: datetime) -> dict[str, Any]:
    """Weights, and the day after which history counts. Without any weight all parts count alike."""
    weights = {name: getattr(levers, f"quality_{name}_bps") for name in PARTS}
    if not any(weights.values()):
        weights = dict.fromkeys(PARTS, 1)
    return weights | {"sum": sum(weights.values()), "since": day_of(at) - timedelta(days=HISTORY_DAYS + 1)}


def _rebuild(some: str, more: Mapping[str, Any], at: datetime) -> int:
    return execute(
        REBUILD.format(wanted=BOUGHT.format(some=some)), given(regime.at(at).auction, at) | dict(more)
    )


def everything(*, at: datetime) -> int:
    """All quality scores anew; returns how many changed."""
    return _rebuild("", {}, at)


def keywords(ids: Sequence[int], *, at: datetime) -> int:
    return _rebuild("AND k.id = ANY(%(ids)s)", {"ids": list(ids)}, at)


def groups(ids: Sequence[int], *, at: datetime) -> int:
    """Of words of these ad groups: a creative changed."""
    return _rebuild("AND k.group_id = ANY(%(ids)s)", {"ids": list(ids)}, at)


def would_be(
    texts: Sequence[str], *, listing: int, group: int, seller: int, at: datetime
) -> list[dict[str, Any]]:
    """Quality and its parts of words (between blanks) as if they were bought now, in their order."""
    more = {"texts": list(texts), "listing": listing, "group": group, "seller": seller}
    sql = f"""{QUALITY.format(wanted=UNBOUGHT)} SELECT {", ".join(COLUMNS)} FROM weighed ORDER BY id DESC"""
    return dicts(sql, given(regime.at(at).auction, at) | more)


# -- subscribers (jishi/wiring.py), after search has learnt the same -------------------------------------------

Facts = Sequence[Mapping[str, Any]]


def follow_listings(facts: Facts, *, at: datetime) -> None:
    """A listing was edited, put on sale or taken off: its words are judged anew."""
    _rebuild("AND g.listing_id = ANY(%(ids)s)", {"ids": [fact["id"] for fact in facts]}, at)


def follow_shops(facts: Facts, *, at: datetime) -> None:
    """shop.edited: hidden or shown again, it takes its goods with it."""
    _rebuild("AND c.shop_id = ANY(%(ids)s)", {"ids": [fact["id"] for fact in facts]}, at)


def follow_orders(facts: Facts, *, at: datetime) -> None:
    """order.cancelled, refund.succeeded: goods that had run out can be found again."""
    orders = [fact.get("order", fact["id"]) for fact in facts]
    some = "AND g.listing_id IN (SELECT o.listing_id FROM shops_orderline o WHERE o.order_id = ANY(%(ids)s))"
    _rebuild(some, {"ids": orders}, at)


def follow_levers(facts: Facts, *, at: datetime) -> None:
    """A weight of quality changed now; one that is dated ahead counts from the next daily run."""
    if any(fact["lever"].startswith("auction.quality_") for fact in facts):
        everything(at=at)


def odd(*, at: datetime) -> list[dict[str, Any]]:
    """Keywords whose quality differs from a rebuild's; best empty."""
    sql = f"""{QUALITY.format(wanted=BOUGHT.format(some=""))} SELECT k.id AS keyword, 'quality differs from a rebuild' AS odd
                FROM search_express_keyword k JOIN weighed w ON w.id = k.id WHERE {OTHERWISE} ORDER BY 1"""
    return dicts(sql, given(regime.at(at).auction, at))
