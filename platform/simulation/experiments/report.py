"""The report of an experiment: what was moved, what it did, how sure that is; the same for Markdown and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from statistics import fmean
from typing import Any

from simulation import drawing
from simulation.drawing import short
from simulation.experiments import living
from simulation.experiments.effects import Effect
from simulation.experiments.plan import Experiment

Records = Sequence[dict[str, Any]]
HEAD = (
    "outcome",
    "unit",
    "baseline",
    "arm",
    "difference",
    "of it",
    "95 % by t",
    "95 % by bootstrap",
    "g",
    "+ / − / =",
)
METHOD = (
    "Every run of one seed starts from the same people and the same draws (counter-based, keyed by seed, agent, purpose"
    " and count), so arms are compared seed by seed. The difference is the mean of the pairs' differences; the first"
    " interval is Student's, the second the percentiles of 10,000 resamples of whole pairs; g is that mean over the"
    " standard deviation of the differences, by Hedges' correction for few pairs (it speaks of how steady the"
    " difference is, not of how large); the last column counts the seeds in which the outcome rose, fell, stayed. A row in"
    " bold has an interval by t that leaves zero out. Many rows are looked at: one in twenty would be bold by chance."
)


def markdown(made: Experiment, found: Sequence[Effect], records: Records, seconds: float) -> str:
    parts = [f"# {made.name}", "", made.question, "", _said(made, records, seconds), ""]
    parts += ["## What was moved", "", *_moved(made), ""]
    for scenario, arm in _cells(found):
        rows = [e for e in found if (e.scenario, e.arm) == (scenario, arm)]
        parts += [f"## {arm} against {made.baseline}, {scenario}", "", _row(HEAD), _row(["---"] * len(HEAD))]
        parts += [_row(_bold(effect)) for effect in rows]
        parts += ["", *(f"- `{e.outcome}`: {e.words}" for e in rows), ""]
    parts += ["## How to read it", "", METHOD, ""]
    if failed := [record for record in records if record["failed"]]:
        parts += ["## Runs that failed", "", *(f"- {_run(r)}: {r['failed']}" for r in failed), ""]
    if made.discussion:
        parts += ["## Discussion", "", made.discussion, ""]
    return "\n".join(parts)


def _said(made: Experiment, records: Records, seconds: float) -> str:
    failed = sum(bool(record["failed"]) for record in records)
    return (
        f"{len(made.arms)} arms, {len(made.scenarios)} scenarios, {len(made.seeds)} seeds, {made.days} days each:"
        f" {len(made.runs)} runs, of which {failed} failed; {seconds:.0f} s."
    )


def _moved(made: Experiment) -> list[str]:
    """The levers of each arm that are not the baseline's, in each scenario."""
    said = [f"Baseline: **{made.baseline}** (regime {_regime(made, made.baseline)})."]
    for arm in made.arms:
        if arm.name == made.baseline:
            continue
        moved = {s: made.moved(arm, s) for s in made.scenarios}
        since = f", from day {arm.from_day}" if arm.from_day > 1 else ""
        said += [
            "",
            f"**{arm.name}** (regime {_regime(made, arm.name)}{since}){': ' + arm.why if arm.why else ''}",
            "",
        ]
        for number, (scenario, levers) in enumerate(moved.items()):
            if number and levers == moved[made.scenarios[0]]:
                continue
            where = f" ({Path(scenario).stem})" if len(set(map(str, moved.values()))) > 1 else ""
            said += [f"- `{m['lever']}`: {m['baseline']} → {m['arm']}{where}" for m in levers] or [
                "- no lever"
            ]
        if arm.settings:
            said.append(f"- the scenario itself: {arm.settings}")
    for scenario in made.scenarios:
        own = living.own_changes(scenario, dict(made.settings))
        if own:
            said += ["", f"In every arm, because **{Path(scenario).stem}** says so:", ""]
            said += [f"- day {day}: `{lever}` → {value}" for day, lever, value in own]
    return said


def _regime(made: Experiment, name: str) -> str:
    return made.arm(name).regime or "of the scenario"


def _cells(found: Sequence[Effect]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((effect.scenario, effect.arm) for effect in found))


def _cellsof(effect: Effect) -> list[str]:
    pairs = effect.pairs
    return [
        effect.outcome,
        effect.unit,
        short(effect.baseline_mean),
        short(effect.arm_mean),
        short(pairs.mean) if pairs.n else "–",
        f"{effect.relative:+.1%}" if effect.relative is not None else "–",
        _span(pairs.t_interval),
        _span(pairs.bootstrap),
        f"{pairs.g:+.2f}" if pairs.g is not None else "–",
        f"{pairs.up} / {pairs.down} / {pairs.same}",
    ]


def _bold(effect: Effect) -> list[str]:
    cells = _cellsof(effect)
    return [f"**{cell}**" if effect.clear and n in {0, 4, 6} else cell for n, cell in enumerate(cells)]


def _span(span: tuple[float, float] | None) -> str:
    return f"{short(span[0])} … {short(span[1])}" if span else "–"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _run(record: dict[str, Any]) -> str:
    return f"run {record['run']} ({record['arm']}, {record['scenario']}, seed {record['seed']})"


STYLE = """
 body { font: 16px/1.5 "Noto Sans", "Noto Sans CJK SC", "PingFang SC", sans-serif; color: #1f2a37; max-width: 62rem;
        margin: 2rem auto; padding: 0 1rem; }
 table { border-collapse: collapse; font-size: .85rem; width: 100%; } td, th { padding: .25rem .5rem;
        border-bottom: 1px solid #d8dee6; text-align: right; } td:first-child, th:first-child { text-align: left; }
 tr.clear td { font-weight: 600; } svg { width: 100%; height: auto; } .failed { color: #a61e4d; }
 td span { display: block; color: #5b6776; font-weight: 400; font-size: .8rem; text-align: left; }
"""


def page(made: Experiment, found: Sequence[Effect], records: Records, seconds: float) -> str:
    """One file: tables and pictures, no script, nothing fetched."""
    parts = [f"<h1>{escape(made.name)}</h1>", f"<p>{escape(made.question)}</p>"]
    parts += [f"<p>{_said(made, records, seconds)}</p>", "<h2>What was moved</h2>", _listed(_moved(made))]
    for scenario, arm in _cells(found):
        rows = [e for e in found if (e.scenario, e.arm) == (scenario, arm)]
        parts += [
            f"<h2>{escape(arm)} against {escape(made.baseline)}, {escape(scenario)}</h2>",
            _forest(rows),
            _table(rows),
        ]
    parts += [
        "<h2>Day by day</h2>",
        _days(made, records),
        "<h2>How to read it</h2>",
        f"<p>{escape(METHOD)}</p>",
    ]
    if failed := [record for record in records if record["failed"]]:
        parts += ["<h2 class=failed>Runs that failed</h2>"]
        parts += [f"<p>{escape(_run(r))}: {escape(str(r['failed']))}</p>" for r in failed]
    if made.discussion:
        parts += ["<h2>Discussion</h2>", *(f"<p>{escape(p)}</p>" for p in made.discussion.split("\n\n"))]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(made.name)}</title><style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def _listed(said: Sequence[str]) -> str:
    text = "\n".join(escape(line).replace("`", "").replace("**", "") for line in said if line)
    return f"<pre>{text}</pre>"


def _table(rows: Sequence[Effect]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in HEAD)
    body = ""
    for effect in rows:
        cells = [escape(cell) for cell in _cellsof(effect)]
        cells[0] = f"{cells[0]}<span>{escape(effect.words)}</span>"
        body += f"<tr{' class=clear' if effect.clear else ''}>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"
    return f"<table><tr>{head}</tr>{body}</table>"


def _forest(rows: Sequence[Effect]) -> str:
    """Differences in standard deviations of the pairs' differences, with the interval by t in the same measure."""
    drawn = []
    for e in rows:
        sd, span = e.pairs.sd, e.pairs.t_interval
        scaled = (span[0] / sd, span[1] / sd) if sd and span else None
        drawn.append((e.outcome, e.pairs.d, scaled, f"{short(e.pairs.mean) if e.pairs.n else '–'} {e.unit}"))
    return drawing.forest(
        drawn, title="Mean difference in standard deviations of the pairs, with its 95 % interval"
    )


DRAWN = {"pv": "views", "orders_paid": "orders paid", "gini_pv": "Gini of views over shops"}


def _days(made: Experiment, records: Records) -> str:
    drawn = []
    for scenario in dict.fromkeys(record["scenario"] for record in records):
        parts: list[str] = [drawing.text(12, 20, scenario, size=14)]
        for number, (column, words) in enumerate(DRAWN.items()):
            box = (60.0 + 300 * number, 70.0, 220.0, 130.0)
            parts += drawing.lines(_means(made, records, scenario, column), title=words, box=box)
        drawn.append(drawing.picture(920, 240, f"{scenario}, day by day", parts))
    return "".join(drawn)


def _means(made: Experiment, records: Records, scenario: str, column: str) -> dict[str, list[float | None]]:
    """Of each arm the mean over its runs, by day; days that some run has not yet closed are there too."""
    found: dict[str, list[float | None]] = {}
    for arm in made.arms:
        runs = [
            r["days"]
            for r in records
            if (r["scenario"], r["arm"]) == (scenario, arm.name) and not r["failed"]
        ]
        many = max((len(days) for days in runs), default=0)
        values = [
            [days[n][column] for days in runs if n < len(days) and days[n][column] is not None]
            for n in range(many)
        ]
        found[arm.name] = [fmean(held) if held else None for held in values]
    return found
