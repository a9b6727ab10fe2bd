"""How shops and villages spread, year by year, beside the country's count and what is known of Dongfeng.

    diffusion("dongfeng")   {"village", "now", "months": [...], "years": [...], "facts": [...]}

Counts of Taobao Villages and Towns: AliResearch's yearly lists as the press reported them (`source` of each year).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from common.moments import show
from simulation.models import SELLER
from worlds.clock import now


@dataclass(frozen=True, slots=True)
class Country:
    """Villages and towns on the list of a year; None where no source says."""

    year: int
    villages: int
    towns: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of Dongfeng. `least`: the figure, or the least of it where a source says "over"."""

    year: int
    what: str
    least: int
    told_by: str


# fmt: off
COUNTRY = (
    Country(2009,     3,  None, "weifang.dzwww.com, 6 August 2019"),
    Country(2013,    20,  None, "weifang.dzwww.com, 6 August 2019; thepaypers.com, 2014"),
    Country(2014,   212,    19, "thepaypers.com, 2014; burb.tv"),
    Country(2015,   780,    71, "3news.cn, 30 December 2015"),
    Country(2016, 1_311,   135, "m.qzcns.com, 31 October 2016"),
    Country(2017, 2_118,   242, "ecfanr.cn, December 2017"),
    Country(2018, 3_202,   363, "epaper.hezeribao.com, 1 November 2018"),
    Country(2019, 4_310, 1_118, "weifang.dzwww.com, 6 August 2019"),
    Country(2020, 5_425, 1_756, "news.fznews.com.cn, 3 September 2020"),
    Country(2021, 7_023, 2_171, "english.jinhua.gov.cn, 21 October 2021"),
    Country(2022, 7_780, 2_429, "juredian.net, 2022"),
)
DONGFENG = (
    Fact(2007, "shops",                1, "Li 2014: the first in 2006/7"),
    Fact(2010, "shops",              300, "Li 2014: over 300 by 2010"),
    Fact(2010, "households",       1_180, "China Newsweek (sootoo.com): 1,180; Li 2014: about 1,200"),
    Fact(2010, "sales_fen", 5_000_000_000, "Li 2014: 50 million yuan in 2010"),
    Fact(2011, "shops",              400, "China Newsweek (sootoo.com): over 400; nobody else before the spring of 2009"),
)
# fmt: on

# A shop is gone when its keeper gave up, or when it was closed: by a person in the seat, or by the platform.
_MONTHS = """
    WITH kept AS (
        SELECT a.entered_at, CASE WHEN s.status = 'closed' THEN least(a.left_at, s.closed_at) ELSE a.left_at END AS gone_at
          FROM simulation_agent a LEFT JOIN shops_shop s ON s.id = a.shop_id
         WHERE a.kind = %(seller)s AND a.village = %(village)s
    ), moves AS (
        SELECT date_trunc('month', entered_at)::date AS month, 1 AS came, 0 AS gone FROM kept
         UNION ALL
        SELECT date_trunc('month', gone_at)::date, 0, 1 FROM kept WHERE gone_at IS NOT NULL
    )
    SELECT to_char(month, 'YYYY-MM') AS month, sum(came)::int AS came, sum(gone)::int AS gone,
           (sum(sum(came) - sum(gone)) OVER (ORDER BY month))::int AS shops
      FROM moves GROUP BY month ORDER BY month
"""
_RECOGNISED = """
    SELECT year, count(*) FILTER (WHERE met AND kind = 'village')::int AS villages,
           count(*) FILTER (WHERE met AND kind = 'town')::int AS towns
      FROM simulation_recognition GROUP BY year ORDER BY year
"""


def months(village: str) -> list[dict[str, Any]]:
    """Months in which a shop of the village came or went: month (YYYY-MM), came, gone, shops at its end."""
    return dicts(_MONTHS, {"seller": SELLER, "village": village})


def filled(months: list[dict[str, Any]], until: str) -> list[dict[str, Any]]:
    """Every month from the first to `until` (YYYY-MM): month, `shops` open at its end, `ever` opened up to it."""
    if not months:
        return []
    told = {row["month"]: row for row in months}
    made: list[dict[str, Any]] = []
    year, month = (int(part) for part in months[0]["month"].split("-"))
    shops = ever = 0
    while (name := f"{year:04d}-{month:02d}") <= until:
        if name in told:
            shops, ever = told[name]["shops"], ever + told[name]["came"]
        made.append({"month": name, "shops": shops, "ever": ever})
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return made


def years() -> list[dict[str, Any]]:
    """Each year that was judged here or counted in the country: villages and towns of the market and of China."""
    here = {row["year"]: row for row in dicts(_RECOGNISED)}
    there = {row.year: row for row in COUNTRY}
    return [
        {
            "year": year,
            "villages": here[year]["villages"] if year in here else None,
            "towns": here[year]["towns"] if year in here else None,
            "country_villages": there[year].villages if year in there else None,
            "country_towns": there[year].towns if year in there else None,
        }
        for year in sorted({*here, *there})
    ]


def names() -> list[str]:
    """The villages of the market's population."""
    found = dicts("SELECT DISTINCT village FROM simulation_agent WHERE village <> '' ORDER BY village")
    return [row["village"] for row in found]


def diffusion(village: str = "") -> dict[str, Any]:
    """The curve of one village (the only one, when none is named), the market's recognised places beside the country's,
    and what is known. `NotFound` names the villages there are."""
    there = names()
    village = village or (there[0] if len(there) == 1 else "")
    if village not in there:
        with_shops = f"villages with shops here: {', '.join(there) or 'none yet'}"
        raise NotFound(
            f"no village called {village}; {with_shops}" if village else f"say which village; {with_shops}",
            field="village",
            rule="village_exists",
            way_out="Name one of those.",
        )
    known = DONGFENG if village == "dongfeng" else ()
    return {
        "village": village,
        "now": show(now()),
        "months": months(village),
        "years": years(),
        "facts": [asdict(fact) for fact in known],
    }
