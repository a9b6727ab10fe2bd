"""A word's figures over closed days, day by day and so far today; hot words, and words that rise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from common.batch import dicts
from common.moments import day_of, start_of
from regime import queries as regime
from search.cubes.rules import LISTED_LEAST, QUANTILES, SELLERS_LEAST, SMOOTHING, WHY, quantile
from search.express.rules import MATCH
from traffic.queries.figures import ratio

TOLD = f"cardinality(d.payers) >= {SELLERS_LEAST}"
COUNTS = ("searches", "searchers_daily", "unsold", "impressions", "clicks", "invalid_clicks")
SUMS = (
    ", ".join(f"coalesce(sum(d.{name}), 0)::bigint AS {name}" for name in COUNTS)
    + f""",
    coalesce(sum(d.clicks) FILTER (WHERE {TOLD}), 0)::bigint AS priced_clicks,
    coalesce(sum(d.cost_fen) FILTER (WHERE {TOLD}), 0)::bigint AS priced_fen"""
)
SAYS = {name: match.sql.format(bought="%(words)s::text[]", asked="{asked}") for name, match in MATCH.items()}


def said(match: str, asked: str) -> str:
    """SQL: does the search that says `asked` say %(words)s, as `match` has it?"""
    return SAYS[match].format(asked=asked)


FIGURES = f"""
    WITH d AS MATERIALIZED (
        SELECT * FROM search_cubes_daily d WHERE day BETWEEN %(first)s AND %(last)s AND {{said}}
    )
    SELECT {SUMS}, (SELECT count(DISTINCT b) FROM d e, unnest(e.bidders) b) AS bidders,
           (SELECT count(DISTINCT k) FROM d e, unnest(e.keywords) k) AS keywords,
           (SELECT coalesce(array_agg(p ORDER BY p), '{{{{}}}}') FROM d, unnest(d.prices) p WHERE {TOLD}) AS prices
      FROM d
"""
TREND = f"""
    WITH found AS MATERIALIZED (
        SELECT * FROM search_cubes_daily d WHERE day BETWEEN %(first)s AND %(last)s AND {{said}}
    )
    SELECT g.day::date AS day, {SUMS},
           (SELECT count(DISTINCT b) FROM found e, unnest(e.bidders) b WHERE e.day = g.day::date) AS bidders
      FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') g (day)
      LEFT JOIN found d ON d.day = g.day::date GROUP BY g.day ORDER BY g.day
"""
TODAY = """
    SELECT count(*) AS searches, count(*) FILTER (WHERE keywords = '{{}}') AS unsold,
           coalesce(sum(cardinality(placed)), 0)::bigint AS impressions,
           (SELECT count(*) FROM search_express_click c JOIN search_express_auction a ON a.id = c.auction_id
             WHERE c.at >= %(start)s AND c.verdict = 'valid' AND {said}) AS clicks
      FROM search_express_auction a WHERE a.at >= %(start)s AND {said}
"""


def figures(words: Sequence[str], match: str, first: date, last: date, *, at: datetime) -> dict[str, Any]:
    """What searches that say `words` came to on the closed days from `first` to `last`, and today's counts so far."""
    given = {"words": list(words), "first": first, "last": last, "start": start_of(day_of(at))}
    closed, live = said(match, "d.words"), said(match, "string_to_array(a.words, ' ')")
    [found] = dicts(FIGURES.format(said=closed), given)
    prices = found.pop("prices")
    return {
        "words": list(words), "match": match, "first": first, "last": last, **rated(found),
        **{name: quantile(prices, bps) for name, bps in QUANTILES},
        "trend": [rated(row) for row in dicts(TREND.format(said=closed), given)],
        "today": {"day": day_of(at), **dicts(TODAY.format(said=live), given)[0]},
    }  # fmt: skip


def rated(row: Mapping[str, Any]) -> dict[str, Any]:
    """With what follows from the counts; a price only of clicks that may be told (`rules.SELLERS_LEAST`)."""
    told = {name: value for name, value in row.items() if name != "priced_fen"}
    priced = row["priced_clicks"]
    return told | {
        "ctr_bps": ratio(row["clicks"], row["impressions"], 10_000),
        "unsold_bps": ratio(row["unsold"], row["searches"], 10_000),
        "average_cpc_fen": ratio(row["priced_fen"], priced, 1),
        "why": None if priced else WHY,
    }


def closed_days(*, at: datetime) -> dict[str, Any]:
    """The regime's window of closed days that ends yesterday."""
    today, days = day_of(at), regime.at(at).cubes.window_days
    return {"first": today - timedelta(days=days), "last": today - timedelta(days=1), "days": days}


BIDDERS = """
    (SELECT count(DISTINCT b) FROM search_cubes_daily e, unnest(e.bidders) b
      WHERE e.words = p.words AND e.day BETWEEN %(first)s AND %(last)s) AS bidders
"""
HOT = f"""
    SELECT p.*, {BIDDERS}
      FROM (SELECT d.words, {SUMS} FROM search_cubes_daily d WHERE d.day BETWEEN %(first)s AND %(last)s
             GROUP BY d.words HAVING sum(d.searches) >= {LISTED_LEAST}
             ORDER BY searches DESC, d.words LIMIT %(most)s OFFSET %(offset)s) p ORDER BY searches DESC, words
"""
RISING = f"""
    SELECT words, searches, searches_before,
           ((searches + {SMOOTHING}) * 10000 / (searches_before + {SMOOTHING}))::bigint AS growth_bps
      FROM (SELECT d.words, coalesce(sum(d.searches) FILTER (WHERE d.day >= %(first)s), 0)::bigint AS searches,
                   coalesce(sum(d.searches) FILTER (WHERE d.day < %(first)s), 0)::bigint AS searches_before
              FROM search_cubes_daily d WHERE d.day BETWEEN %(before)s AND %(last)s GROUP BY d.words) d
     WHERE searches >= {LISTED_LEAST} AND searches > searches_before
     ORDER BY growth_bps DESC, searches DESC, words LIMIT %(most)s OFFSET %(offset)s
"""


def hot(*, limit: int, offset: int, at: datetime) -> dict[str, Any]:
    """The most searched sets of words of the window; one more than `limit` if there is more."""
    days = closed_days(at=at)
    found = dicts(HOT, {**days, "most": limit + 1, "offset": offset})
    return {**days, "searches_least": LISTED_LEAST, "results": [rated(row) for row in found]}


def rising(*, limit: int, offset: int, at: datetime) -> dict[str, Any]:
    """Sets of words that were searched for more than in the window before (`rules.GROWTH`), the steepest first."""
    days = closed_days(at=at)
    before = days["first"] - timedelta(days=days["days"])
    found = dicts(RISING, {**days, "before": before, "most": limit + 1, "offset": offset})
    return {**days, "searches_least": LISTED_LEAST, "smoothing": SMOOTHING, "results": found}
