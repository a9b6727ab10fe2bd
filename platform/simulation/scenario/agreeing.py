"""What a scenario's entries must agree on with one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from regime import rules
from regime.shipped import shipped

from .kinds import kinds
from .levers import together
from .shapes import Row, Scenario, Season
from .values import refused, unknown

HOURS = 24
NEAR = 0.001
WEEK = 7
WAYS = ("search", "category", "recommendation", "community", "direct")
SEASONS_MOST = 100  # they multiply: so many of factor 100 are still numbers


def agree(plan: Scenario) -> None:
    """Raises `Invalid` for the first thing that contradicts another."""
    if HOURS % plan.tick_hours:
        raise refused(
            "tick_hours",
            "tick_divides_the_day",
            f"{plan.tick_hours} hours do not divide a day",
            "1, 2, 3, 4, 6, 8, 12 or 24.",
        )
    for table in ("shops", "villages", "seasons"):
        _names_once(table, getattr(plan, table))
    _shops(plan)
    for n, village in enumerate(plan.villages, 1):
        if village.code // 1_000 != village.county:
            raise refused(
                f"villages[{n}].county",
                "town_is_in_its_county",
                f"{village.code} is not a town of {village.county}",
                f"Write county = {village.code // 1_000}.",
            )
        keep = sum(row.count for row in plan.shops if row.village == village.name)
        if keep > village.households:
            raise refused(
                f"villages[{n}].households",
                "a_household_keeps_one_shop",
                f"{village.name} has {village.households} households and {keep} shops",
                "Give it more households, or fewer shops.",
            )
    if len(plan.seasons) > SEASONS_MOST:
        raise refused(
            "seasons", "seasons_are_few", f"are more than {SEASONS_MOST}", "Say several of them in one."
        )
    for n, season in enumerate(plan.seasons, 1):
        _season(f"seasons[{n}]", season)
    _changes(plan)
    if plan.ads and plan.ads.bid_from_fen > plan.ads.bid_to_fen:
        raise refused("ads.bid_from_fen", "least_is_not_above_most", "is above ads.bid_to_fen", "Lower it.")
    _behaviour(plan)


def _names_once(table: str, held: Sequence[Any]) -> None:
    seen: set[str] = set()
    for n, one in enumerate(held, 1):
        if one.name in seen:
            raise refused(
                f"{table}[{n}].name",
                "name_is_used_once",
                f"{one.name} is there already",
                "Name it otherwise.",
            )
        seen.add(one.name)


def _shops(plan: Scenario) -> None:
    villages = [village.name for village in plan.villages]
    for n, row in enumerate(plan.shops, 1):
        _row(f"shops[{n}]", row, villages)
        if row.share_ads and plan.ads is None:
            raise refused(
                f"shops[{n}].share_ads",
                "advertisers_have_terms",
                "some advertise, but nothing says how",
                "Write a table [ads].",
            )
    if not any(row.enters == "start" for row in plan.shops):
        raise refused(
            "shops", "somebody_opens_first", "nobody is open at the start", 'Give one row enters = "start".'
        )


def _row(field: str, row: Row, villages: Iterable[str]) -> None:
    if row.village and row.village not in villages:
        raise unknown(f"{field}.village", "village", row.village, villages, "village_is_in_the_scenario")
    if row.enters == "imitation" and not row.village:
        raise refused(
            f"{field}.village",
            "imitators_have_neighbours",
            "households that imitate have none",
            "Say which village they live in.",
        )
    if row.seats and row.enters != "start":
        raise refused(
            f"{field}.seats",
            "a_seat_is_there_from_the_start",
            "a person cannot sit down there",
            "Leave out enters.",
        )


def _season(field: str, season: Season) -> None:
    if bool(season.months) == bool(season.peak):
        raise refused(
            field, "season_is_months_or_a_peak", "says both months and a peak, or neither", "Say one of them."
        )
    around = {name: getattr(season, name) for name in ("days_before", "days_after", "views", "buys")}
    fallback = {name: kind.fallback for name, kind in kinds(Season).items()}
    for name, held in around.items():
        if season.months and held != fallback[name]:
            raise refused(
                f"{field}.{name}", "only_a_peak_has_days_around", "belongs to a peak", "Leave it out."
            )


def _changes(plan: Scenario) -> None:
    standing = rules.flat(shipped(plan.regime).regime)
    before = 0
    for n, change in enumerate(plan.changes, 1):
        if change.day <= before:
            raise refused(
                f"changes[{n}].day",
                "changes_stand_in_order",
                f"day {change.day} is not after day {before}",
                "Put them in order, all of one day in one.",
            )
        before = change.day
        standing = together(f"changes[{n}].levers", standing, change.levers)


def _behaviour(plan: Scenario) -> None:
    held = plan.behaviour
    if not any(getattr(held, f"{way}_share") for way in WAYS):
        raise refused(
            "behaviour.search_share",
            "something_is_above_nothing",
            f"is 0 as all ways to find something new are: {', '.join(f'{way}_share' for way in WAYS)}",
            "Set one of them above 0.",
        )
    if abs(sum(held.weekdays) / WEEK - 1) > NEAR:
        raise refused(
            "behaviour.weekdays", "weekdays_mean_is_one", "their mean is not 1", "Divide each by their mean."
        )
    if held.bad_below_stars > held.good_from_stars:
        raise refused(
            "behaviour.bad_below_stars",
            "least_is_not_above_most",
            "is above behaviour.good_from_stars",
            "Lower it.",
        )
