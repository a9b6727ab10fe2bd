"""Reading values into levers, strictly, and whole regimes out of them: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from common.errors import Invalid, Refusal, register_constraints
from regime.levers import Kind, Regime, levers, sections
from regime.levers.kinds import kinds

# fmt: off
# Levers that must agree: the first may not be above the second.
NOT_ABOVE = (
    ("auction.bid_least_fen",                "auction.bid_most_fen"),
    ("auction.quality_shown_least",          "auction.quality_shown_most"),
    ("auction.time_rate_least_bps",          "auction.time_rate_most_bps"),
    ("alliance.commission_least_bps",        "alliance.commission_most_bps"),
    ("campaign.credit_level_least",          "campaign.credit_level_most"),
    ("penalty.broken_promise_least_points",  "penalty.broken_promise_most_points"),
)
# Shares of one whole, in basis points: together they may not be more than all.
SHARES = (
    ("ranking.default_sort_share_bps", "ranking.sales_sort_share_bps", "ranking.price_sort_share_bps",
     "ranking.popularity_sort_share_bps", "ranking.credit_sort_share_bps"),
    ("auction.quality_relevance_bps", "auction.quality_ctr_bps", "auction.quality_experience_bps",
     "auction.quality_account_bps"),
)
# fmt: on
ALL_BPS = 10_000

register_constraints(
    {
        "a_lever_never_changes_the_past": (
            Invalid,
            "a lever never changes the past",
            "effective_at",
            "Name the market's present moment or a later one.",
        ),
        "a_change_says_why": (Invalid, "a change of a lever says why", "why", "Give the reason in a line."),
    }
)


def read(path: str, value: Any) -> Any:
    """`value` (JSON or TOML) as the lever at `path` holds it; raises `Invalid` with lever, rule, way out."""
    if path not in levers():
        raise Invalid(
            f"there is no lever {path[:80]}",
            field=path[:80],
            rule="lever_is_known",
            way_out="GET /api/regime/ lists every lever.",
        )
    return _read(path, levers()[path], value)


def read_all(values: Mapping[str, Any]) -> dict[str, Any]:
    """Every value read; raises one `Invalid` that lists everything wrong."""
    good, wrong = {}, []
    for path, value in values.items():
        try:
            good[path] = read(path, value)
        except Refusal as refusal:
            wrong.append(refusal)
    raise_together(wrong)
    return good


def raise_together(wrong: list[Refusal]) -> None:
    """Raise the first refusal with all of them listed in it; nothing when there is none."""
    if wrong:
        wrong[0].errors = [
            {"field": w.field, "rule": w.rule, "detail": w.detail, "way_out": w.way_out} for w in wrong
        ]
        raise wrong[0]


def build(values: Mapping[str, Any]) -> Regime:
    """The regime of read `values`, one for every lever; raises `Invalid` where levers contradict."""
    missing = [path for path in levers() if path not in values]
    if missing:
        raise Invalid(
            f"no value for {missing[0]}",
            field=missing[0],
            rule="every_lever_has_a_value",
            way_out="Set it, or name a base regime that does.",
        )
    _agree(values)
    return Regime(
        **{
            part: holder(**{name: values[f"{part}.{name}"] for name in kinds(holder)})
            for part, holder in sections().items()
        }
    )


def flat(regime: Regime) -> dict[str, Any]:
    """Path to value, for every lever of `regime`; the inverse of `build`."""
    return {f"{part}.{name}": getattr(getattr(regime, part), name) for part, name in _paths()}


def plain(value: Any) -> Any:
    """A lever's value as JSON has it: lists for tuples, objects for rows."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    return value


def nested(regime: Regime) -> dict[str, dict[str, Any]]:
    """{section: {lever: JSON value}}."""
    return {
        part: {name: plain(getattr(getattr(regime, part), name)) for name in kinds(holder)}
        for part, holder in sections().items()
    }


def limits(kind: Kind) -> str:
    """What a lever can be set to, in words."""
    if kind.shape == "flag":
        return "true or false"
    if kind.shape == "word":
        return " or ".join(kind.words)
    if kind.shape == "words":
        return f"any of {', '.join(kind.words)}"
    if kind.shape == "table" and kind.row is not None:
        return f"{kind.rows[0]} to {kind.rows[1]} rows of {', '.join(kinds(kind.row))}"
    span = f"{kind.least:,} to {kind.most:,} {kind.unit}"
    if kind.least == kind.most:
        span = f"only {kind.least} {kind.unit}"
    if kind.shape == "wholes":
        count = " to ".join(f"{n}" for n in dict.fromkeys(kind.rows))
        return f"{count} rising numbers, {span}"
    return span


def _paths() -> Iterable[tuple[str, str]]:
    return (tuple(path.split(".")) for path in levers())  # type: ignore[misc]


def _read(path: str, kind: Kind, value: Any) -> Any:
    return {
        "whole": _whole,
        "flag": _flag,
        "word": _word,
        "wholes": _wholes,
        "words": _words,
        "table": _table,
    }[kind.shape](path, kind, value)


def _whole(path: str, kind: Kind, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(path, kind, value, "lever_is_a_whole_number")
    if not (kind.least or 0) <= value <= (kind.most or 0):
        raise _refused(path, kind, value, "lever_is_within_its_bounds")
    return value


def _flag(path: str, kind: Kind, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refused(path, kind, value, "lever_is_yes_or_no")
    return value


def _word(path: str, kind: Kind, value: Any) -> str:
    if not isinstance(value, str) or value not in kind.words:
        raise _refused(path, kind, value, "lever_is_one_of_its_words")
    return value


def _wholes(path: str, kind: Kind, value: Any) -> tuple[int, ...]:
    numbers = tuple(_whole(f"{path}.{i}", kind, item) for i, item in enumerate(_entries(path, kind, value)))
    if any(late <= early for early, late in pairwise(numbers)):
        raise _refused(path, kind, value, "lever_rises")
    return numbers


def _words(path: str, kind: Kind, value: Any) -> tuple[str, ...]:
    chosen = tuple(_word(f"{path}.{i}", kind, item) for i, item in enumerate(_entries(path, kind, value)))
    if len(set(chosen)) < len(chosen):
        raise _refused(path, kind, value, "lever_names_nothing_twice")
    return chosen


def _table(path: str, kind: Kind, value: Any) -> tuple[Any, ...]:
    assert kind.row is not None
    columns = kinds(kind.row)
    rows = []
    for i, row in enumerate(_entries(path, kind, value)):
        if not isinstance(row, Mapping) or set(row) != set(columns):
            raise _refused(f"{path}.{i}", kind, row, "lever_row_has_its_columns")
        cells = {name: _read(f"{path}.{i}.{name}", column, row[name]) for name, column in columns.items()}
        rows.append(kind.row(**cells))
    return tuple(rows)


def _entries(path: str, kind: Kind, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _refused(path, kind, value, "lever_is_a_list")
    if not kind.rows[0] <= len(value) <= kind.rows[1]:
        raise _refused(path, kind, value, "lever_has_so_many_entries")
    return list(value)


def _refused(path: str, kind: Kind, value: Any, rule: str) -> Invalid:
    shown = repr(value)
    return Invalid(
        f"{path} cannot be {shown if len(shown) <= 60 else shown[:57] + '...'}",
        field=path,
        rule=rule,
        way_out=f"Set it to {limits(kind)}.",
    )


def _agree(values: Mapping[str, Any]) -> None:
    wrong: list[Refusal] = []
    for low, high in NOT_ABOVE:
        if values[low] > values[high]:
            wrong.append(
                Invalid(
                    f"{low} ({values[low]}) is above {high} ({values[high]})",
                    field=low,
                    rule="least_is_not_above_most",
                    way_out=f"Set {low} to at most {values[high]}, or {high} in the same change.",
                )
            )
    for shares in SHARES:
        total = sum(values[path] for path in shares)
        if total > ALL_BPS:
            wrong.append(
                Invalid(
                    f"{', '.join(shares)} come to {total} bps",
                    field=shares[0],
                    rule="shares_are_no_more_than_all",
                    way_out=f"Let them come to at most {ALL_BPS}.",
                )
            )
    raise_together(wrong)
