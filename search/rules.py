"""The ranking formula as a table a teacher can read, and the cycle: tables and pure functions.

A listing's score is the sum over TERMS of weight (a lever, basis points) times value (0 to 10,000), demotions
taken away. All whole numbers: equal markets rank equally, to the last place. Ties go to the older listing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

from common.moments import EPOCH
from regime.levers import Regime

FULL = 10_000  # what a term is worth at most
UNKNOWN = 5_000  # a shop nobody has judged yet stands in the middle
DOUBLINGS = tuple(1 << n for n in range(20))  # 1, 2, 4 … 524,288: each doubling is worth 500
PART = timedelta(hours=6)  # a market day has four: from 0, 6, 12 and 18 o'clock
PARTS_A_DAY = 4
SHANGHAI_AHEAD = timedelta(hours=8)


@dataclass(frozen=True)
class Term:
    """One row of the formula. `value` is SQL over a descriptor `r` (null: it depends on query or moment).

    `raw`: what it is made from, as `explain` shows it. A `sign` of -1 is a demotion.
    """

    name: str
    lever: str
    sign: int
    raw: str
    value: str | None
    words: str


def doubled(column: str) -> str:
    """SQL: 500 for each doubling of a count, 0 for none, 10,000 from 524,288 on."""
    return f"500 * width_bucket({column}, ARRAY{list(DOUBLINGS)}::bigint[])"


def flagged(column: str) -> str:
    return f"{FULL} * {column}::int"


STARS = "r.description + r.service + r.delivery_speed"

# fmt: off
TERMS = (
    #    name              lever                          sign raw (of the listing's descriptor)  value, 0 to 10,000
    Term("relevance",      "relevance_weight_bps",          1, "words",          None,
         "every word of the query stands in the title: 10,000; some only in tags, category or properties: 5,000; "
         "when nothing has them all: the share that matches, of 5,000"),
    Term("cycle",          "cycle_weight_bps",              1, "parts_left",     None,
         "10,000 in the quarter of a day in which the listing cycle ends, less a step (10,000 // quarters of a cycle) for each before"),
    Term("credit",         "credit_weight_bps",             1, "level",          "500 * r.level",
         "the shop's credit level, 0 to 20: 500 each"),
    Term("good_rate",      "good_rate_weight_bps",          1, "good_rate_bps",  f"coalesce(r.good_rate_bps, {UNKNOWN})",
         "the shop's good rate in basis points; 5,000 while nobody has spoken"),
    Term("dsr",            "dsr_weight_bps",                1, "dsr",
         f"CASE WHEN r.description IS NULL THEN {UNKNOWN} ELSE least(greatest(({STARS} - 900) * 10000 / 600, 0), {FULL}) END",
         "the mean of the three published indices: 3 stars 0, 5 stars 10,000; 5,000 while none is published"),
    Term("pv",             "pv_weight_bps",                 1, "pv",             doubled("r.pv"),
         "page views of the window: 500 for each doubling"),
    Term("uv",             "uv_weight_bps",                 1, "uv_daily",       doubled("r.uv_daily"),
         "daily unique visitors, added up over the window: 500 for each doubling"),
    Term("sales",          "sales_weight_bps",              1, "sales",          doubled("r.sales"),
         "pieces paid for in the window: 500 for each doubling"),
    Term("freshness",      "freshness_weight_bps",          1, "stale_bps",      f"{FULL} - r.stale_bps",
         "10,000 on the day of an edit, fading evenly to 0"),
    Term("protection",     "protection_bonus_bps",          1, "protection",     flagged("r.protection"),
         "the shop is in the consumer protection scheme"),
    Term("showcase",       "showcase_bonus_bps",            1, "showcase",       flagged("r.showcase"),
         "the listing stands in the shop's showcase"),
    Term("duplicate",      "duplicate_demotion_bps",       -1, "duplicate",      flagged("r.duplicate"),
         "an older listing of the shop has the same title and price"),
    Term("fake_trade",     "fake_trade_demotion_bps",      -1, "suspected",      flagged("r.suspected"),
         "the platform suspects the listing of fake trades"),
    Term("stuffing",       "stuffing_demotion_bps",        -1, "stuffed",        flagged("r.stuffed"),
         "the title says one word of two characters or more three times"),
    Term("wrong_category", "wrong_category_demotion_bps",  -1, "misplaced",      flagged("r.misplaced"),
         "the title names goods of other sections and none of its own"),
    Term("price_mismatch", "price_mismatch_demotion_bps",  -1, "mispriced",      flagged("r.mispriced"),
         "postage above the price, or a price a hundred times above or below what is usual in its sub-section"),
)

# name           SQL of the column, falling or rising, words
SORTS: dict[str, tuple[str, str]] = {
    "default":    ("",                       "by the formula"),
    "credit":     ("r.level DESC, r.credit_points DESC", "the shop's credit, highest first"),
    "popularity": ("r.uv_daily DESC, r.pv DESC", "visitors, then page views of the window"),
    "sales":      ("r.sales DESC",           "pieces paid for lately"),
    "newest":     ("r.listed_at DESC",       "last put on sale"),
    "price":      ("r.price_fen",            "cheapest first"),
    "price_desc": ("r.price_fen DESC",       "dearest first"),
}
# fmt: on
TERM = {term.name: term for term in TERMS}
STORED = tuple(term for term in TERMS if term.value)
FLAGS = tuple(
    term for term in TERMS if (term.value or "").endswith("::int")
)  # yes or no, and nothing between
IN_TITLE, ELSEWHERE = FULL, FULL // 2
PRICE_BANDS = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)  # fen; facets count between them
GRADES = {"none": (0, 0), "heart": (1, 5), "diamond": (6, 10), "crown": (11, 15), "golden_crown": (16, 20)}
ODD_PRICE = 100  # times the usual price, up or down
RESULTS_MOST, LIMIT_MOST = 1_000, 100
QUERY_CHARACTERS, QUERY_WORDS = 200, 20


@dataclass(frozen=True)
class Weights:
    """What a stored key was made with: each term's weight (signed), the cycle's step, the windows in days."""

    of: Mapping[str, int]
    cycle_parts: int
    sales_days: int
    views_days: int
    fresh_days: int
    levers: Regime = field(repr=False)

    @property
    def step(self) -> int:
        return FULL // self.cycle_parts

    @property
    def falling(self) -> int:
        """By how much a key falls when its cycle ends a part of a day later."""
        return self.of["cycle"] * self.step

    @cached_property
    def digest(self) -> str:
        """Of what keys depend on: relevance is weighed when a query comes."""
        stored = [self.of[term.name] for term in STORED]
        said = repr(
            (stored, self.of["cycle"], self.cycle_parts, self.sales_days, self.views_days, self.fresh_days)
        )
        return sha256(said.encode()).hexdigest()[:32]


def weights(levers: Regime) -> Weights:
    """The formula's numbers under these levers."""
    ranking = levers.ranking
    return Weights(
        {term.name: term.sign * getattr(ranking, term.lever) for term in TERMS},
        levers.listing.cycle_days * PARTS_A_DAY,
        ranking.sales_window_days,
        ranking.views_window_days,
        ranking.freshness_days,
        levers,
    )


def part_of(at: datetime) -> int:
    """Which part of which market day `at` falls in, counted since 1970: cycles are ranked by these."""
    return (at - EPOCH + SHANGHAI_AHEAD) // PART


def end_part(listed_at: datetime, at: datetime, cycle_parts: int) -> int:
    """The part of a day in which the listing's present cycle ends; through that part it stands highest."""
    first, now = part_of(listed_at), part_of(at)
    return first + cycle_parts * max(1, -((first - now) // cycle_parts))


def end_part_sql(listed_at: str) -> str:
    """The same in SQL, over `listed_at`, with the parameters %(part)s (now) and %(cycle)s."""
    first = f"floor((extract(epoch FROM {listed_at}) + 28800) / 21600)::bigint"
    return f"({first} + %(cycle)s * greatest(1, (%(part)s - {first} + %(cycle)s - 1) / %(cycle)s))"


def key_sql(formula: Weights, end: str = "r.end_part") -> str:
    """SQL of a descriptor's key: all that neither query nor moment changes, the cycle's end put into it.

    key + cycle weight * (10,000 + step * part) is the score without relevance: while no cycle ends, every
    listing gains alike with time, so the order of keys is the order of scores at any moment.
    """
    parts = [f"{formula.of[t.name]}::bigint * ({t.value})" for t in STORED if formula.of[t.name]]
    return " + ".join([*parts, f"{-formula.falling}::bigint * {end}"])


def lift(formula: Weights, at: datetime) -> int:
    """What turns a key into a score at `at`."""
    return formula.of["cycle"] * FULL + formula.falling * part_of(at)


def doublings(count: int) -> int:
    """500 for each doubling: 0, 1, 2, 4 pieces give 0, 500, 1,000, 1,500."""
    return 500 * bisect_right(DOUBLINGS, count)


def values(row: Mapping[str, Any], parts_left: int, formula: Weights, relevance: int) -> dict[str, int]:
    """Term to value (0 to 10,000) of one descriptor: what SQL adds up, in words of one syllable."""
    stars = row["dsr"]
    return {
        "relevance": relevance,
        "cycle": FULL - formula.step * parts_left,
        "credit": 500 * row["level"],
        "good_rate": UNKNOWN if row["good_rate_bps"] is None else row["good_rate_bps"],
        "dsr": UNKNOWN if stars is None else min(max((sum(stars) - 900) * 10_000, 0) // 600, FULL),
        "pv": doublings(row["pv"]),
        "uv": doublings(row["uv_daily"]),
        "sales": doublings(row["sales"]),
        "freshness": FULL - row["stale_bps"],
        **{term.name: FULL * row[term.raw] for term in FLAGS},
    }


def stale_bps(edited_days_ago: int, fresh_days: int) -> int:
    """How far an edit has faded: 0 on its day, 10,000 after `fresh_days`."""
    return min(FULL * edited_days_ago // fresh_days, FULL)


def table(formula: Weights) -> list[dict[str, Any]]:
    """The formula for reading: what each term is made of and weighs."""
    return [
        {
            "term": term.name,
            "lever": f"ranking.{term.lever}",
            "weight_bps": formula.of[term.name],
            "made_of": term.raw,
            "words": term.words,
        }
        for term in TERMS
    ]
