"""What an arm did: its difference to the baseline, seed by seed, with what it could have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulation.experiments.outcomes import OUTCOMES
from simulation.experiments.plan import Experiment
from simulation.intervals import Paired, paired


@dataclass(frozen=True)
class Effect:
    """One outcome of one arm in one scenario. `relative`: the mean difference of the baseline's mean."""

    scenario: str
    arm: str
    outcome: str
    baseline_mean: float | None
    arm_mean: float | None
    relative: float | None
    pairs: Paired

    @property
    def words(self) -> str:
        return OUTCOMES[self.outcome].words

    @property
    def unit(self) -> str:
        return OUTCOMES[self.outcome].unit

    @property
    def clear(self) -> bool:
        """Does the interval leave nothing out on one side of zero?"""
        interval = self.pairs.t_interval
        return interval is not None and (interval[0] > 0 or interval[1] < 0)


def effects(made: Experiment, records: Sequence[dict[str, Any]]) -> list[Effect]:
    """Of every scenario, arm (but the baseline) and outcome; only seeds that both arms have count."""
    held = {(r["scenario"], r["arm"], r["seed"]): r["outcomes"] for r in records if not r["failed"]}
    scenarios = list(dict.fromkeys(record["scenario"] for record in records))
    return [
        _effect(made, held, scenario, arm.name, outcome)
        for scenario in scenarios
        for arm in made.arms
        if arm.name != made.baseline
        for outcome in made.outcomes
    ]


def _effect(
    made: Experiment, held: dict[Any, dict[str, Any]], scenario: str, arm: str, outcome: str
) -> Effect:
    pairs = []
    for seed in made.seeds:
        before, after = held.get((scenario, made.baseline, seed)), held.get((scenario, arm, seed))
        if before and after and before[outcome] is not None and after[outcome] is not None:
            pairs.append((before[outcome], after[outcome]))
    first = sum(p[0] for p in pairs) / len(pairs) if pairs else None
    second = sum(p[1] for p in pairs) / len(pairs) if pairs else None
    found = paired([b - a for a, b in pairs], what=f"{scenario} {arm} {outcome}")
    relative = found.mean / abs(first) if first else None
    return Effect(scenario, arm, outcome, first, second, relative, found)


def table(found: Sequence[Effect]) -> list[dict[str, Any]]:
    """A row an effect, for CSV and JSON."""
    rows = []
    for e in found:
        t, boot = e.pairs.t_interval or (None, None), e.pairs.bootstrap or (None, None)
        row = {"scenario": e.scenario, "arm": e.arm, "outcome": e.outcome, "unit": e.unit, "pairs": e.pairs.n}
        row |= {"baseline_mean": e.baseline_mean, "arm_mean": e.arm_mean}
        row |= {"difference": e.pairs.mean if e.pairs.n else None, "relative": e.relative, "sd": e.pairs.sd}
        row |= {"t_low": t[0], "t_high": t[1], "bootstrap_low": boot[0], "bootstrap_high": boot[1]}
        row |= {"d": e.pairs.d, "g": e.pairs.g, "up": e.pairs.up, "down": e.pairs.down, "same": e.pairs.same}
        rows.append(row | {"clear": e.clear})
    return rows
