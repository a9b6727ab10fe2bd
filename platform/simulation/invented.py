"""The quiet street's invented log: rows drawn from `invented.toml`, lived through the door of a real log."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from common import random, sections, words
from common.errors import NotFound
from simulation.cast import Ads, Cast
from simulation.userbehavior import BEHAVIOURS, Ints, Log
from traffic.rules import SOURCE

NAME = "quiet_street"
DAY = 86_400


def table(name: str) -> dict[str, Any]:
    """What the generator needs; raises `NotFound` for any other scenario."""
    if name != NAME:
        raise NotFound(
            f"no log is invented for {name}",
            field="scenario",
            rule="scenario_has_a_log",
            way_out=f"There is one for {NAME}.",
        )
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=2)
def cast_of(name: str, seed: int, start_ts: int) -> Cast:
    """The people, shops and goods of a scenario whose first day begins at `start_ts`, and all they will do."""
    drawn = table(name)
    shop_subsection = _trades(drawn["trades"], seed)
    count = len(shop_subsection) * drawn["listings_a_shop"]
    items = np.arange(count)
    shop_of = items // drawn["listings_a_shop"]
    category = _categories(shop_subsection[shop_of], items, seed)
    log = _log(drawn, seed, start_ts, category)
    item_of = log.item - 1
    sold = np.bincount(item_of[log.behaviour == BEHAVIOURS["buy"]], minlength=count)
    return Cast(
        log=log,
        seed=seed,
        users=np.arange(1, drawn["members"] + 1),
        items=items + 1,
        user_of=log.user - 1,
        item_of=item_of,
        category=category,
        shop_of=shop_of,
        price_fen=words.prices(seed, category, items),
        stock=sold + 5 + random.integers(seed, "scenario.stock", items, bound=60),
        shop_subsection=shop_subsection,
        is_synthetic=True,
        source=_sources(drawn["sources"], seed, len(log)),
        ads=Ads(**drawn["ads"]) if "ads" in drawn else None,
    )


def _sources(shares: dict[str, float], seed: int, count: int) -> Ints:
    """What first brought a visitor to a shop, for each row."""
    codes = np.array([SOURCE[name].code for name in shares])
    return codes[random.choices(seed, "scenario.source", np.arange(count), weights=list(shares.values()))]


def _trades(trades: dict[str, int], seed: int) -> Ints:
    """A sub-section for each shop: a trade's shops spread over its sub-sections."""
    chosen: list[int] = []
    for slug, count in trades.items():
        within = [sub.id for sub in sections.all_sub_sections() if sub.id // 100 == sections.find(slug).id]
        chosen += [random.pick(seed, within, "scenario.trade", slug, n) for n in range(count)]
    return np.array(chosen, dtype=np.int64)


def _categories(subsections: Ints, items: Ints, seed: int) -> Ints:
    choices = {number: [c.id for c in sections.categories_in(number)] for number in set(subsections.tolist())}
    draws = random.uniforms(seed, "scenario.category", items)
    return np.array(
        [
            choices[s][int(draw * len(choices[s]))]
            for s, draw in zip(subsections.tolist(), draws.tolist(), strict=True)
        ],
        dtype=np.int64,
    )


def _log(table: dict[str, Any], seed: int, start_ts: int, category: Ints) -> Log:
    """Everything the scenario's people do, as rows of a behaviour log."""
    buyers, days, members = table["buyers"], table["days"], table["members"]
    people = np.arange(1, members + 1)
    eager = random.log_normals(seed, "scenario.eager", people, log_sd=buyers["views_spread"])
    rate = np.minimum(buyers["views_a_day"] * eager, 300.0)
    user, day = np.repeat(people, days), np.tile(np.arange(days), members)
    views = random.poissons(seed, "scenario.views", user * 10_000 + day, rate=rate[user - 1])
    seen_by, seen_on = np.repeat(user, views), np.repeat(day, views)
    number = np.arange(len(seen_by))
    hour = random.choices(seed, "scenario.hour", number, weights=table["hours"]["views"])
    second = random.integers(seed, "scenario.second", number, bound=3600)
    ts = start_ts + seen_on * DAY + hour * 3600 + second
    liked = random.log_normals(
        seed, "scenario.popularity", np.arange(len(category)), log_sd=buyers["item_spread"]
    )
    item = 1 + random.choices(seed, "scenario.item", number, weights=liked)
    parts = [(seen_by, item, np.zeros(len(number), dtype=np.int64), ts)]
    wait = random.exponentials(seed, "scenario.delay", number, mean=buyers["delay_minutes"] * 60 / 0.693)
    for name, share in (("fav", "favourite_share"), ("cart", "cart_share"), ("buy", "buy_share")):
        chosen = random.chances(seed, f"scenario.{name}", number, probability=buyers[share])
        later = np.minimum(ts + wait.astype(np.int64), start_ts + days * DAY - 1)
        parts.append(
            (
                seen_by[chosen],
                item[chosen],
                np.full(chosen.sum(), BEHAVIOURS[name], dtype=np.int64),
                later[chosen],
            )
        )
    who, what, kind, when = (np.concatenate([part[i] for part in parts]) for i in range(4))
    order = np.argsort(when, kind="stable")
    return Log(who[order], what[order], category[what[order] - 1], kind[order], when[order], len(order), {})
