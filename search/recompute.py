"""Descriptors from the tables below: for some listings at once, for all by the day, cycles by the quarter of a day.

Each is one statement over sets. The daily one writes only rows that changed; while it runs, searches read the
rows as they were (PostgreSQL keeps both). `odd` lists what differs from a rebuild from nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, rows
from common.moments import day_of
from regime import queries as regime
from search.rules import Weights, end_part_sql, key_sql, part_of, weights
from traffic.rules import DIMENSIONS

# What a descriptor is about: the listing's own columns, its shop's, and what words told (given with the batch).
OWN = (
    "shop_id", "category_id", "region", "price_fen", "postage_fen", "supply", "delivery", "listed_at", "edited_at",
    "id_verified", "bank_verified", "protection", "seven_day_return", "showcase", "suspected",
    "stuffed", "misplaced", "mispriced",
)  # fmt: skip
STANDING = (
    "level",
    "credit_points",
    "good_rate_bps",
    "description",
    "service",
    "delivery_speed",
    "stale_bps",
)
COUNTED = ("pv", "uv_daily", "sales")
FINDABLE = "l.status = 'on_sale' AND s.status = 'open' AND (l.stock > 0 OR l.supply = 'custom')"

# As the daily run of ratings published them; the day's age of an edit, which fades.
STANDING_OF = """
    coalesce(c.level, 0) AS level, coalesce(c.points, 0) AS credit_points,
    ((2 * c.recent_good * 10000 + c.recent_all) / (2 * nullif(c.recent_all, 0)))::smallint AS good_rate_bps,
    i.description, i.service, i.delivery AS delivery_speed,
    least(10000 * (%(day)s::date - {edited}::date) / %(fresh)s, 10000)::smallint AS stale_bps
"""
JUDGED = """
    LEFT JOIN ratings_credit c ON c.id = s.owner_id * 2
    LEFT JOIN ratings_index i ON i.id = s.owner_id AND i.answers > 0
"""
LISTING = DIMENSIONS["listing"]
SUMS = f"""
    SELECT t.key, coalesce(sum(t.pv) FILTER (WHERE t.day > %(views_after)s), 0)::bigint AS pv,
           coalesce(sum(t.uv_daily) FILTER (WHERE t.day > %(views_after)s), 0)::bigint AS uv_daily,
           coalesce(sum(t.pieces_paid) FILTER (WHERE t.day > %(sales_after)s), 0)::bigint AS sales
      FROM traffic_daily t
     WHERE t.dimension = {LISTING} AND t.day > least(%(views_after)s, %(sales_after)s) AND t.day <= %(through)s {{some}}
     GROUP BY t.key
"""
# What the days since `before` added, less what the days that left the windows had: the same sums, from few days.
MOVES = f"""
    SELECT key, sum(pv)::bigint AS pv, sum(uv_daily)::bigint AS uv_daily, sum(sales)::bigint AS sales FROM (
        SELECT key, pv, uv_daily, pieces_paid AS sales FROM traffic_daily
         WHERE dimension = {LISTING} AND day > %(before)s AND day <= %(through)s
         UNION ALL
        SELECT key, -pv, -uv_daily, 0 FROM traffic_daily
         WHERE dimension = {LISTING} AND day > %(views_before)s AND day <= %(views_after)s
         UNION ALL
        SELECT key, 0, 0, -pieces_paid FROM traffic_daily
         WHERE dimension = {LISTING} AND day > %(sales_before)s AND day <= %(sales_after)s
    ) moved GROUP BY key
"""
ALIKE = """
    SELECT r.id, row_number() OVER (PARTITION BY r.shop_id, d.title, r.price_fen ORDER BY r.id) > 1 AS duplicate
      FROM search_descriptor r JOIN search_document d ON d.id = r.id
"""


def given(formula: Weights, at: datetime, through: date) -> dict[str, Any]:
    """The parameters of the statements above: cycles and edits as at `at`, counts of the windows up to `through`."""
    return {
        "day": day_of(at),
        "fresh": formula.fresh_days,
        "part": part_of(at),
        "cycle": formula.cycle_parts,
        **window("", through, formula),
    }


def yesterday(at: datetime) -> date:
    return day_of(at) - timedelta(days=1)


def window(prefix: str, through: date, formula: Weights) -> dict[str, date]:
    return {
        "before" if prefix else "through": through,
        f"views_{prefix or 'after'}": through - timedelta(days=formula.views_days),
        f"sales_{prefix or 'after'}": through - timedelta(days=formula.sales_days),
    }


# -- some listings, now -----------------------------------------------------------------------------------


def describe(facts: Sequence[tuple[int, bool, bool, bool]], formula: Weights, at: datetime) -> None:
    """Describe anew the listings of `facts`: (id, stuffed, misplaced, mispriced), all of them findable.

    Counts run as far as everybody's do: at midnight, before the daily run, to the day before yesterday.
    """
    last = folded()
    names = [*OWN, "duplicate", *STANDING, *COUNTED, "end_part"]
    sql = f"""
        INSERT INTO search_descriptor (id, {", ".join(names)}, key)
        SELECT r.id, {", ".join(f"r.{name}" for name in names)}, {key_sql(formula)} FROM (
            SELECT l.id, l.shop_id, l.category_id, s.region, l.price_fen, l.postage_fen, l.supply, l.delivery, l.listed_at,
                   l.edited_at, m.id_verified_at IS NOT NULL AS id_verified, m.bank_verified_at IS NOT NULL AS bank_verified,
                   s.protection_since IS NOT NULL AS protection, s.seven_day_return, l.showcase,
                   u.id IS NOT NULL AS suspected, f.stuffed, f.misplaced, f.mispriced, false AS duplicate,
                   {STANDING_OF.format(edited="l.edited_at")},
                   coalesce(t.pv, 0) AS pv, coalesce(t.uv_daily, 0) AS uv_daily, coalesce(t.sales, 0) AS sales,
                   {end_part_sql("l.listed_at")} AS end_part
              FROM unnest(%(ids)s::bigint[], %(stuffed)s::bool[], %(misplaced)s::bool[], %(mispriced)s::bool[])
                   AS f (id, stuffed, misplaced, mispriced)
              JOIN shops_listing l ON l.id = f.id JOIN shops_shop s ON s.id = l.shop_id
              JOIN members_member m ON m.id = s.owner_id {JUDGED}
              LEFT JOIN ({SUMS.format(some="AND t.key = ANY(%(ids)s)")}) t ON t.key = l.id
              LEFT JOIN search_suspicion u ON u.id = l.id
        ) r ORDER BY r.id
        ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in [*names, "key"])}
    """
    ids, stuffed, misplaced, mispriced = (list(column) for column in zip(*facts, strict=True))
    told = {"ids": ids, "stuffed": stuffed, "misplaced": misplaced, "mispriced": mispriced}
    execute(sql, given(formula, at, last.through if last else yesterday(at)) | told)


def find_duplicates(shops: Sequence[int], formula: Weights) -> int:
    """Say anew which listings of these shops are duplicates, where that changed; returns how many."""
    weight = 10_000 * formula.of["duplicate"]
    return execute(
        f"""UPDATE search_descriptor r
               SET duplicate = a.duplicate, key = r.key + %(weight)s::bigint * (a.duplicate::int - r.duplicate::int)
              FROM ({ALIKE} WHERE r.shop_id = ANY(%(shops)s)) a WHERE a.id = r.id AND a.duplicate <> r.duplicate""",
        {"shops": list(shops), "weight": weight},
    )


# -- all of them, by the clock ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Folded:
    """What the keys stand for (`models.Fold`)."""

    through: date
    digest: str
    windows: tuple[int, ...]
    part: int


def folded() -> Folded | None:
    found = rows("SELECT through, digest, windows, part FROM search_fold")
    return Folded(found[0][0], found[0][1], tuple(found[0][2]), found[0][3]) if found else None


def _windows(formula: Weights) -> tuple[int, ...]:
    return (formula.sales_days, formula.views_days, formula.fresh_days)


def keep(formula: Weights, at: datetime, through: date) -> None:
    execute(
        """INSERT INTO search_fold (id, through, digest, windows, part) VALUES (1, %s, %s, %s, %s)
           ON CONFLICT (id) DO UPDATE SET through = excluded.through, digest = excluded.digest,
                  windows = excluded.windows, part = excluded.part""",
        [through, formula.digest, list(_windows(formula)), part_of(at)],
    )


@transaction.atomic
def run(*, at: datetime, full: bool = False) -> int:
    """The daily run, after those of ratings and traffic: figures through yesterday. Returns how many rows changed.

    By what the last day moved, when yesterday's run was under the same levers; else from the whole windows.
    """
    last = folded()
    if last is None:
        return 0  # nothing was ever for sale
    formula = weights(regime.at(at))
    parameters = given(formula, at, yesterday(at))
    same = not full and last.digest == formula.digest
    if same:
        parameters |= window("before", last.through, formula)
    changed = execute(daily_sql(formula, full=not same), parameters)
    keep(formula, at, yesterday(at))
    return changed


FIGURES = (*STANDING, *COUNTED, "end_part", "key")
CHANGED = (
    f"({', '.join(f'r.{n}' for n in FIGURES)}) IS DISTINCT FROM ({', '.join(f'd.{n}' for n in FIGURES)})"
)


def fresh_sql(formula: Weights, *, full: bool) -> str:
    """Every descriptor's figures and key as they should be, from the whole windows or by what the last days moved."""
    counted = [
        f"coalesce(t.{n}, 0) AS {n}" if full else f"d.{n} + coalesce(t.{n}, 0) AS {n}" for n in COUNTED
    ]
    kept = [name for name in (*OWN, "duplicate") if name not in ("listed_at", "edited_at")]
    return f"""
        SELECT r.*, {key_sql(formula)} AS key FROM (
            SELECT d.id, {", ".join(f"d.{name}" for name in kept)}, {STANDING_OF.format(edited="d.edited_at")},
                   {", ".join(counted)}, {end_part_sql("d.listed_at")} AS end_part
              FROM search_descriptor d JOIN shops_shop s ON s.id = d.shop_id {JUDGED}
              LEFT JOIN ({SUMS.format(some="") if full else MOVES}) t ON t.key = d.id) r
    """


def daily_sql(formula: Weights, *, full: bool) -> str:
    """One UPDATE of every descriptor whose figures or cycle changed."""
    return f"""UPDATE search_descriptor d SET {", ".join(f"{name} = r.{name}" for name in FIGURES)}
                 FROM ({fresh_sql(formula, full=full)}) r WHERE r.id = d.id AND {CHANGED}"""


ODD = f"""
    SELECT coalesce(l.id, r.id, d.id) AS listing, 'what can be found is not what is on sale' AS odd
      FROM (SELECT l.id FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id WHERE {FINDABLE}) l
      FULL JOIN search_descriptor r ON r.id = l.id FULL JOIN search_document d ON d.id = coalesce(r.id, l.id)
     WHERE l.id IS NULL OR r.id IS NULL OR d.id IS NULL
"""


def odd(*, at: datetime) -> list[dict[str, Any]]:
    """Audit: listings that are found and should not be, or the other way round, or whose figures differ from a
    rebuild's; best empty. While levers dated ahead wait for the next turn, keys are not looked at: no search uses them."""
    formula, last = weights(regime.at(at)), folded()
    found = dicts(f"{ODD} ORDER BY 1")
    if last is not None and last.digest == formula.digest:
        found += dicts(
            f"""SELECT d.id AS listing, 'figures differ from a rebuild' AS odd FROM search_descriptor d
                  JOIN ({fresh_sql(formula, full=True)}) r ON r.id = d.id WHERE {CHANGED} ORDER BY 1""",
            given(formula, at, last.through),
        )
    return found


@transaction.atomic
def turn(*, at: datetime) -> int:
    """Every quarter of a day: cycles that ended in the last one begin anew, at the far end. Returns how many rows changed.

    When the levers of the formula changed meanwhile, every key is made anew.
    """
    last = folded()
    if last is None:
        return 0
    formula = weights(regime.at(at))
    if last.digest != formula.digest:
        return rekey(formula, at, last)
    changed = execute(
        f"""UPDATE search_descriptor r SET end_part = n.end_part, key = r.key - %(falling)s::bigint * (n.end_part - r.end_part)
              FROM (SELECT id, {end_part_sql("listed_at")} AS end_part FROM search_descriptor WHERE end_part < %(part)s) n
             WHERE n.id = r.id""",
        given(formula, at, last.through) | {"falling": formula.falling},
    )
    execute("UPDATE search_fold SET part = %s", [part_of(at)])
    return changed


def rekey(formula: Weights, at: datetime, last: Folded) -> int:
    """Make every key anew under other weights; figures too, when the windows changed. Through the day of `last`."""
    if last.windows != _windows(formula):
        changed = execute(daily_sql(formula, full=True), given(formula, at, last.through))
    else:
        changed = execute(
            f"""UPDATE search_descriptor d SET end_part = r.end_part, key = {key_sql(formula, "r.end_part")}
                  FROM (SELECT {", ".join(n for n in ("id", *OWN, "duplicate", *STANDING, *COUNTED))},
                               {end_part_sql("listed_at")} AS end_part FROM search_descriptor) r WHERE r.id = d.id""",
            given(formula, at, last.through),
        )
    keep(formula, at, last.through)
    return changed
