"""A simulated market beside the measured ones: funnel, clock, sessions, users, popularity, shops.

    ./jishi bench calibration                          the table for two seeds of the scenario, made here
    python -m bench.calibration FILE [--svg PICTURE]   the same table for any UserBehavior file

What is compared, how near is near enough and why: `bench/calibration.toml`, stated beforehand.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SPEC: dict[str, Any] = tomllib.loads((HERE / "calibration.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Compared:
    """A figure beside the real one: `low`, `high` are the measured value's own 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    real: float
    sample: tuple[float, float]
    within: tuple[float, float]

    @property
    def ok(self) -> bool:
        return self.within[0] <= self.value <= self.within[1]


def compared(figures: list[Any], part: str) -> list[Compared]:
    """The rows of the table's `part` ("log" or "market"), each with its figure; one that is missing is nan and not ok."""
    found = {figure.name: figure for figure in figures}
    for kind in ("views", "buys"):
        if f"{kind}_hour_00" in found:
            found[f"{kind}_hours_distance"] = _distance(found, kind)
    rows = []
    for name, row in SPEC[part].items():
        figure = found.get(name)
        value, low, high = (figure.value, figure.low, figure.high) if figure else (float("nan"),) * 3
        rows.append(Compared(name, value, low, high, row["real"], tuple(row["sample"]), tuple(row["within"])))
    return rows


def _distance(found: dict[str, Any], kind: str) -> Any:
    """Total variation distance of a log's hours to the real ones (0..1)."""
    from simulation.measures import Figure

    mine = np.array([found[f"{kind}_hour_{hour:02}"].value for hour in range(24)])
    real = np.array(SPEC["hours"][kind])
    apart = float(np.abs(mine - real / real.sum()).sum() / 2)
    return Figure(f"{kind}_hours_distance", apart, apart, apart)


def of_log(file: Path) -> tuple[list[Compared], list[Any], Any]:
    """A file's rows, all its figures and the log itself, over its last days (as many as the sample has)."""
    from simulation.measures import figures, window
    from simulation.userbehavior import read

    log = window(read(file), SPEC["days"])
    found = figures(log)
    return compared(found, "log"), found, log


def rows() -> list[dict[str, Any]]:
    """One row a figure and seed. Makes the markets, exports their logs, measures, and drops them.

    The log is one market's, shops and orders are those of another that lives on until its shops can be judged.
    Pictures go to .jishi/calibration-SEED.svg.
    """
    return [_row(row, seed) for seed in SPEC["seeds"] for row in [*_logged(seed), *_judged(seed)]]


def _logged(seed: int) -> list[Compared]:
    from bench.picture import picture
    from simulation.export import export

    with _lived(SPEC["scenario"], seed, SPEC["days"]), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.csv"
        export(file)
        table, figures, log = of_log(file)
    drawn = Path.cwd() / ".jishi" / f"calibration-{seed}.svg"
    drawn.parent.mkdir(exist_ok=True)
    drawn.write_text(picture(figures, log, SPEC), "utf-8")
    return table


def _judged(seed: int) -> list[Compared]:
    from simulation.measures import market

    with _lived(SPEC["shop_scenario"], seed, SPEC["shop_days"]):
        return compared(market(), "market")


@contextmanager
def _lived(scenario: str, seed: int, days: int) -> Iterator[None]:
    """A market that is so many days old, dropped afterwards; this connection is in it."""
    from simulation.scenario import find
    from worlds import actions as worlds
    from worlds.current import point

    plan = find(scenario)
    point(None)
    world, _ = worlds.create(
        f"bench{uuid.uuid4().hex[:8]}", seed=seed, regime=plan.regime, start=plan.start, scenario=plan.name
    )
    try:
        _live(world, plan, seed, days)
        yield
    finally:
        point(None)
        worlds.drop(world)


def _live(world: Any, plan: Any, seed: int, days: int) -> None:
    """Days of a market, by the job that `simulate` runs; this connection is in it afterwards."""
    from simulation import found
    from worlds import jobs
    from worlds.current import point

    point(world.schema)
    job = found.start(world, plan, seed=seed, days=days)
    told = jobs.run_job(str(job.pk))
    if told != "done":
        job.refresh_from_db()
        raise RuntimeError(f"the market did not live: {told}, {job.error}")
    point(world.schema)


def _row(row: Compared, seed: int) -> dict[str, Any]:
    return {
        "bench": f"calibration {row.name}, seed {seed}",
        "value": _short(row.value),
        "unit": f"[{_short(row.low)}, {_short(row.high)}]",
        "limit": f"{_short(row.real)} [{_short(row.sample[0])}, {_short(row.sample[1])}]",
        "ratio": round(row.value / row.real, 3) if row.real and row.value == row.value else "",
        "target": f"{_short(row.within[0])} to {_short(row.within[1])}",
        "ok": row.ok,
    }


def words(table: list[Compared]) -> str:
    """The table for people: figure, measured with its interval, real with its, tolerance, within?"""
    lines = [f"{'figure':32} {'measured':>28} {'real (its sample)':>28} {'within':>18}"]
    for row in table:
        mine = f"{_short(row.value)} [{_short(row.low)}, {_short(row.high)}]"
        real = f"{_short(row.real)} [{_short(row.sample[0])}, {_short(row.sample[1])}]"
        asked = f"{_short(row.within[0])} to {_short(row.within[1])}"
        lines.append(f"{row.name:32} {mine:>28} {real:>28} {asked:>18}  {'yes' if row.ok else 'NO'}")
    return "\n".join([*lines, f"{sum(row.ok for row in table)} of {len(table)} within"])


def _short(value: float) -> str:
    return f"{value:.4g}"


def main(arguments: list[str] | None = None) -> int:
    """Measure a file against the table; 1 when a figure is outside."""
    from bench.picture import picture
    from common.errors import Invalid

    parser = argparse.ArgumentParser(prog="python -m bench.calibration", description=main.__doc__)
    parser.add_argument("file", type=Path, help="user_id,item_id,category_id,behavior,ts")
    parser.add_argument("--svg", type=Path, help="write a picture of hours, sessions and popularity there")
    asked = parser.parse_args(arguments)
    try:
        table, figures, log = of_log(asked.file)
    except Invalid as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(words(table))
    if asked.svg:
        asked.svg.write_text(picture(figures, log, SPEC), "utf-8")
    return 0 if all(row.ok for row in table) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent / "platform"))
    sys.exit(main())
