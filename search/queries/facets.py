"""How many results each further filter would leave, and which filters and categories to suggest."""

from __future__ import annotations

from typing import Any

from common import regions, sections
from common.batch import rows
from search.queries.asked import Asked, Now
from search.queries.find import hits_sql, ways
from search.rules import GRADES, PRICE_BANDS
from search.used import lately
from search.words import city, province

# facet -> SQL over a descriptor `r`; each counts the results that have the value
GROUPED = {
    "section": "r.category_id / 10000",
    "subsection": "r.category_id / 100",
    "category": "r.category_id",
    "region": "r.region",
    "level": "r.level",
    "supply": "r.supply",
    "delivery": "r.delivery",
    "price_band": f"width_bucket(r.price_fen, ARRAY{list(PRICE_BANDS)}::bigint[])",
}
# Filters that are yes or no.
FLAGS = {
    "id_verified": "r.id_verified",
    "bank_verified": "r.bank_verified",
    "protection": "r.protection",
    "seven_day_return": "r.seven_day_return",
    "showcase": "r.showcase",
    "free_postage": "r.postage_fen = 0",
    "online": "(SELECT coalesce(s.online_until > %(now)s, false) FROM shops_shop s WHERE s.id = r.shop_id)",
    "sold_lately": "r.sales > 0",
}
COUNTS = f"""
    WITH found AS MATERIALIZED (
        SELECT {", ".join(f"{sql} AS {name}" for name, sql in (GROUPED | FLAGS).items())}
          FROM ({{hits}}) h JOIN search_descriptor r ON r.id = h.id WHERE {{where}}
    )
    {" UNION ALL ".join(f"SELECT '{name}', {name}::text, count(*) FROM found GROUP BY {name}" for name in GROUPED)}
    UNION ALL {" UNION ALL ".join(f"SELECT '{name}', 'true', count(*) FROM found WHERE {name}" for name in FLAGS)}
    UNION ALL SELECT 'count', '', count(*) FROM found
"""
SUGGESTED_MOST = 8
# What is suggested while nobody has used any filter yet (Li 2014, 5.2 names these).
FIRST = (
    "grade",
    "sales_from",
    "online",
    "protection",
    "seven_day_return",
    "price_to_fen",
    "province",
    "free_postage",
)


def facets(asked: Asked, now: Now, matched: str) -> dict[str, Any]:
    """Counts over all results of a search: `count`, and value to results for each facet, the most first."""
    hits, told = hits_sql(asked, matched)
    found = rows(COUNTS.format(hits=hits, where=asked.where()), asked.params(now.at) | told)
    counts: dict[str, dict[str, int]] = {}
    for facet, value, count in found:
        counts.setdefault(facet, {})[value] = count
    regions_, levels = counts.pop("region", {}), counts.pop("level", {})
    places: dict[str, dict[str, int]] = {"province": {}, "city": {}}
    for region, count in regions_.items():
        for name, where in (("province", province(int(region))), ("city", city(int(region)))):
            places[name][str(where)] = places[name].get(str(where), 0) + count
    grades = {
        name: sum(count for level, count in levels.items() if least <= int(level) <= most)
        for name, (least, most) in GRADES.items()
    }
    total = counts.pop("count")[""]
    bands = counts.pop("price_band", {})
    return {
        "count": total,
        "price_bands": [
            {"from_fen": low, "to_fen": high and high - 1, "count": bands[str(n)]}
            for n, (low, high) in enumerate(zip((0, *PRICE_BANDS), (*PRICE_BANDS, None), strict=True))
            if str(n) in bands
        ],
        "grade": [{"value": name, "count": count} for name, count in grades.items() if count],
        **{name: _falling(name, counts.get(name, {}) | places.get(name, {})) for name in NAMED},
        **{name: counts[name]["true"] for name in FLAGS},
    }


NAMED = ("section", "subsection", "category", "province", "city", "supply", "delivery")
MOST = 50  # values of one facet that are told


def _falling(facet: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    return [
        {"value": _value(facet, value), "name": _name(facet, value), "count": count}
        for value, count in ordered
    ]


def _value(facet: str, value: str) -> int | str:
    return value if facet in ("supply", "delivery") else int(value)


def _name(facet: str, value: str) -> str:
    if facet in ("section", "subsection", "category"):
        return sections.node(int(value)).name if sections.valid(int(value)) else value
    if facet in ("province", "city"):
        return regions.name(int(value)) if regions.valid(int(value)) else value
    return value


def suggestions(asked: Asked, now: Now) -> dict[str, Any]:
    """Filters that people used most of late (in the search's section, else anywhere), and its likeliest categories."""
    section = asked.filters.get("section") or 0
    used = lately(now.uid, now.at, section) or lately(now.uid, now.at)
    names = [*used, *(name for name in FIRST if name not in used)]
    filters = [{"filter": name, "used": used.get(name, 0)} for name in names if name not in asked.filters]
    return {"filters": filters[:SUGGESTED_MOST], "categories": _categories(asked, now)}


def _categories(asked: Asked, now: Now) -> list[dict[str, Any]]:
    """Where the results are: those of all words, else of any, else alike."""
    for matched in ways(asked):
        hits, told = hits_sql(asked, matched)
        found = rows(
            f"""SELECT r.category_id, count(*) FROM ({hits}) h JOIN search_descriptor r ON r.id = h.id
                 WHERE {asked.where()} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SUGGESTED_MOST}""",
            asked.params(now.at) | told,
        )
        if found:
            return [
                {
                    "category": category,
                    "name": sections.node(category).name,
                    "path": sections.path_name(category),
                    "count": count,
                }
                for category, count in found
            ]
    return []
