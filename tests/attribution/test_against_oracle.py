"""Random markets against an oracle in plain Python; and what is shared out adds up whatever is shared."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.batch import dicts, execute
from common.moments import day_of, start_of
from regime.actions import change
from search.attribution.recompute import rebuild_day
from search.attribution.rules import MODEL, MODELS, THOUSAND, shares
from tests.attribution import oracle
from tests.market import Market
from traffic.rules import SOURCES
from worlds.pen import writing

FIRST = date(2010, 3, 1)
DAYS, GAP, WITHIN = 8, timedelta(minutes=30), 3
PATHS = st.lists(st.sampled_from([source.code for source in SOURCES]), min_size=1, max_size=12)


@given(st.integers(0, 10**9), PATHS, st.sampled_from(sorted(MODEL)))
def test_a_sale_is_shared_out_to_the_fen(amount: int, path: list[int], model: str) -> None:
    parts = shares(amount, path, model)
    assert sum(parts.values()) == amount
    assert set(parts) == set(path)
    exact = oracle.weights(path, model)
    assert all(abs(part - amount * exact[source]) < 1 for source, part in parts.items())


def written(rng: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Views of six cookies and three members in two shops, and their orders: rows as no door would write them."""
    clock = start_of(FIRST)
    views: list[dict[str, Any]] = [
        {
            "id": n, "at": clock + timedelta(minutes=rng.randrange(DAYS * 96) * 15), "visitor": rng.randrange(6),
            "member": rng.choice([None, None, 1, 2, 3]), "source": rng.choice([1, 1, 2, 5, 6, 9]), "shop": rng.choice([1, 2, 2, None]),
        }
        for n in range(1, 400)
    ]  # fmt: skip
    sales: list[dict[str, Any]] = []
    for n in range(1, 40):
        placed = clock + timedelta(minutes=rng.randrange(DAYS * 96 - 96) * 15)
        paid = placed + timedelta(hours=rng.choice([0, 0, 23]))
        fen = [rng.randrange(1, 10_000) for _ in range(rng.choice([1, 2]))]
        sales.append({"order": n, "member": rng.randrange(1, 5), "shop": rng.choice([1, 2]), "placed_at": placed,
                      "paid_at": paid, "fen": fen})  # fmt: skip
    for v in views:
        execute(
            """INSERT INTO traffic_pageview (id, at, visitor, member_id, page, source, shop_id)
               VALUES (%s, %s, %s, %s, 7, %s, %s)""",
            [v["id"], v["at"], v["visitor"], v["member"], v["source"], v["shop"]],
        )
    number = 0
    for s in sales:
        for line, fen in enumerate(s["fen"]):
            for act in ("placed", "paid"):
                number += 1
                execute(
                    """INSERT INTO traffic_conversion (id, act, order_id, line_id, member_id, shop_id, listing_id, section_id,
                              quantity, amount_fen, at) VALUES (%s, %s, %s, %s, %s, %s, 1, 1, 1, %s, %s)""",
                    [
                        number,
                        act,
                        s["order"],
                        s["order"] * 10 + line,
                        s["member"],
                        s["shop"],
                        fen,
                        s[f"{act}_at"],
                    ],
                )
    return views, sales


Path = list[tuple[int, Any]]
Key = tuple[date, int, int]


def counted(sales: list[dict[str, Any]], paths: dict[int, Path]) -> dict[Key, Counter[str]]:
    """Figures by day, shop and source from the sales' paths; linear ones rounded as `rules.shares` does."""
    made: dict[Key, Counter[str]] = defaultdict(Counter)
    for sale in sales:
        touched = [source for source, _ in paths[sale["order"]]]
        path = touched or [oracle.DIRECT]
        for source in set(path):
            row = made[day_of(sale["paid_at"]), sale["shop"], source]
            row["orders"] += 1
            row["touches"] += touched.count(source)
            for model in MODELS:
                for name, amount in (("thousandths", THOUSAND), ("paid_fen", sum(sale["fen"]))):
                    exact = oracle.weights(path, model.name)[source] * amount
                    rounded = shares(amount, path, model.name)[source]
                    assert rounded == exact if model.name != "linear" else abs(rounded - exact) < 1
                    row[f"{model.name}_{name}"] += rounded
    return made


def test_paths_and_shares_are_what_a_slow_count_says(market: Market) -> None:
    with writing() as moment:
        change({"traffic.attribution_days": WITHIN}, at=moment.at, by=None, why="a test")
    views, sales = written(random.Random(5))
    paths: dict[int, Path] = {}
    for sale in sales:
        end = start_of(day_of(sale["paid_at"]) + timedelta(days=1))
        paths[sale["order"]] = oracle.touches(sale, views, end=end, days=WITHIN, gap=GAP)
    lengths = {len(path) for path in paths.values()}
    assert 0 in lengths
    assert len(lengths) > 4
    for n in range(DAYS):
        rebuild_day(FIRST + timedelta(days=n))
    kept = dicts("SELECT * FROM search_attribution_sale ORDER BY order_id")
    assert {
        row["order_id"]: list(zip(row["sources"], row["touched_at"], strict=True)) for row in kept
    } == paths
    found = {
        (row.pop("day"), row.pop("shop_id"), row.pop("source")): row
        for row in dicts("SELECT * FROM search_attribution_daily")
    }
    wanted = counted(sales, paths)
    assert set(found) == set(wanted)
    for key, row in found.items():
        assert row == {name: wanted[key][name] for name in row}
    for model in MODELS:  # all of what was sold, and no more
        assert sum(row[f"{model.name}_paid_fen"] for row in found.values()) == sum(
            sum(sale["fen"]) for sale in sales
        )
