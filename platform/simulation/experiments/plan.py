"""An experiment's file: TOML a researcher can read, refused in words where it cannot be meant."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from common.batch import dumps
from common.errors import Invalid, NotFound, Refusal
from regime.rules import build, flat, plain, read_all
from regime.shipped import shipped
from simulation.experiments import living
from simulation.experiments.outcomes import OUTCOMES
from simulation.scenario.reading import parsed

SHIPPED = Path(__file__).parent / "files"
KEYS = {
    "name", "question", "scenarios", "arms", "seeds", "days", "outcomes", "baseline", "workers", "keep",
    "discussion", "settings",
}  # fmt: skip
ARM_KEYS = {"name", "regime", "levers", "from_day", "settings", "why"}
MOST_RUNS = 10_000
NAME_MOST = 80


@dataclass(frozen=True)
class Arm:
    """One set of rules: a shipped regime ('' = the scenario's), levers moved in it from market day `from_day` on.

    `settings` change the scenario itself (tables merged into its file) for this arm alone: use with care, for
    then the arms differ in more than their rules.
    """

    name: str
    regime: str = ""
    levers: Mapping[str, Any] = field(default_factory=dict)
    from_day: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Run:
    """One market to be lived: its number (from 1), arm, scenario and seed."""

    number: int
    arm: Arm
    scenario: str
    seed: int

    @property
    def words(self) -> str:
        return f"{self.arm.name}, {Path(self.scenario).stem}, seed {self.seed}"


@dataclass(frozen=True)
class Experiment:
    name: str
    question: str
    arms: tuple[Arm, ...]
    scenarios: tuple[str, ...]
    seeds: tuple[int, ...]
    days: int
    outcomes: tuple[str, ...]
    baseline: str
    workers: int
    keep: bool
    discussion: str
    settings: Mapping[str, Any]

    @property
    def runs(self) -> list[Run]:
        """Seed by seed, so that an experiment stopped early has whole pairs."""
        cells = [(a, s, n) for n in self.seeds for s in self.scenarios for a in self.arms]
        return [Run(i, *cell) for i, cell in enumerate(cells, 1)]

    @property
    def digest(self) -> str:
        """What the runs depend on: another digest is another experiment. Words and worker counts are not in it."""
        held = {
            k: v for k, v in asdict(self).items() if k not in {"question", "workers", "discussion", "keep"}
        }
        files = {s: Path(s).read_text(encoding="utf-8") for s in self.scenarios if Path(s).is_file()}
        return hashlib.sha256(dumps([held, files]).encode()).hexdigest()[:12]

    def arm(self, name: str) -> Arm:
        return next(arm for arm in self.arms if arm.name == name)

    def levers(self, arm: Arm, scenario: str) -> dict[str, Any]:
        """Every lever as `arm` has it in the end, as JSON has it."""
        regime = shipped(arm.regime or living.opening(scenario).regime).regime
        return {path: plain(value) for path, value in (flat(regime) | read_all(arm.levers)).items()}

    def moved(self, arm: Arm, scenario: str) -> list[dict[str, Any]]:
        """The levers in which `arm` differs from the baseline: [{"lever", "baseline", "arm"}]."""
        first, second = self.levers(self.arm(self.baseline), scenario), self.levers(arm, scenario)
        return [
            {"lever": path, "baseline": first[path], "arm": value}
            for path, value in second.items()
            if first[path] != value
        ]


def shipped_names() -> list[str]:
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def found(name: str) -> Path:
    """The file called `name`: a path, or one that comes with Jishi. Raises `NotFound` naming those there are."""
    for path in (Path(name), SHIPPED / f"{name}.toml"):
        if path.is_file():
            return path
    raise NotFound(
        f"there is no experiment {name}",
        field="file",
        rule="experiment_exists",
        way_out=f"Give a TOML file, or one of: {', '.join(shipped_names())}.",
    )


def read(path: Path) -> Experiment:
    """The experiment of a file; raises `Invalid` naming what is wrong, the rule and a way out."""
    try:
        written = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _wrong("", f"{path.name} is not UTF-8 text", "file_is_toml", "Save it as UTF-8.") from None
    return of_table(parsed(written, path.name, field=""), folder=path.parent, name=path.stem)


def of_table(table: Mapping[str, Any], *, folder: Path, name: str = "") -> Experiment:
    """`read`, of what the file holds. Scenario files are looked for in `folder`."""
    _known(table, KEYS, "")
    arms = _arms(table.get("arms"))
    names = [arm.name for arm in arms]
    baseline = table.get("baseline", names[0])
    if baseline not in names:
        raise _wrong(
            "baseline", f"no arm is called {baseline!r}", "baseline_is_an_arm", f"Choose one of {names}."
        )
    made = Experiment(
        name=_text(table, "name", name),
        question=_text(table, "question", ""),
        arms=arms,
        scenarios=_scenarios(table, folder),
        seeds=_seeds(table.get("seeds", 10)),
        days=_count(table, "days", 30, 1, 3660),
        outcomes=_outcomes(table),
        baseline=baseline,
        workers=_count(table, "workers", 2, 1, 64),
        keep=_flag(table, "keep"),
        discussion=_text(table, "discussion", ""),
        settings=_table(table, "settings"),
    )
    if len(arms) * len(made.scenarios) * len(made.seeds) > MOST_RUNS:
        raise _too_many_runs()
    _rules_agree(made)
    _settings_agree(made)
    return made


def _too_many_runs() -> Invalid:
    return _wrong(
        "seeds", f"that makes more than {MOST_RUNS:,} runs", "runs_are_at_most_10000", "Ask for fewer."
    )


def _arms(held: Any) -> tuple[Arm, ...]:
    way_out = 'Write [[arms]] with name = "…", at least two of them.'
    if not isinstance(held, list) or len(held) < 2 or not all(isinstance(one, dict) for one in held):
        raise _wrong("arms", "an experiment compares two or more arms", "arms_are_two_or_more", way_out)
    arms = []
    for number, one in enumerate(held):
        at = f"arms.{number}"
        _known(one, ARM_KEYS, f"{at}.")
        arms.append(
            Arm(
                name=_text(one, "name", "", at=at, needed=True),
                regime=_text(one, "regime", "", at=at),
                levers=_table(one, "levers", at=at),
                from_day=_count(one, "from_day", 1, 1, 3660, at=at),
                settings=_table(one, "settings", at=at),
                why=_text(one, "why", "", at=at),
            )
        )
    names = [arm.name for arm in arms]
    for number, name in enumerate(names):
        if len(name) > NAME_MOST or not name.isprintable():
            raise _wrong(
                f"arms.{number}.name",
                f"a name stands in tables and headings: one line of at most {NAME_MOST} characters",
                "a_name_is_one_short_line",
                "Choose a shorter one; say the rest in why.",
            )
        if names.count(name) > 1:
            raise _wrong("arms", f"two arms are called {name}", "arms_have_names_of_their_own", "Rename one.")
    return tuple(arms)


def _rules_agree(made: Experiment) -> None:
    for number, arm in enumerate(made.arms):
        if arm.from_day > made.days:
            raise _wrong(
                f"arms.{number}.from_day",
                f"{arm.name} begins on day {arm.from_day} of {made.days}",
                "an_arm_begins_before_the_end",
                "Choose an earlier day.",
            )
        for scenario in made.scenarios:
            try:
                regime = shipped(arm.regime or living.opening(scenario).regime).regime
                build(flat(regime) | read_all(arm.levers))
            except Refusal as refusal:
                refusal.field = f"arms.{number}.{refusal.field or 'levers'}"
                raise


def _settings_agree(made: Experiment) -> None:
    """What is set anew in a scenario is read before anything is lived; rules and calendar are not set there."""
    for number, arm in enumerate(made.arms):
        for scenario in made.scenarios:
            settings = settings_of(made, arm)
            field = f"arms.{number}.settings" if arm.settings else "settings"
            if taken := sorted({"regime", "start", "days"} & set(settings)):
                raise _wrong(
                    f"{field}.{taken[0]}",
                    f"{taken[0]} is not the scenario's to say here",
                    "settings_change_people",
                    "Give the arm a regime, the experiment its days; another start is another scenario.",
                )
            try:
                living.check(scenario, settings)
            except Refusal as refusal:
                refusal.field = f"{field}.{refusal.field}" if refusal.field else field
                raise


def _scenarios(table: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """Runs are told apart by their scenario's name: a file's is that of the file without its folder."""
    found = tuple(_scenario(each, folder) for each in _several(table, "scenarios"))
    names = [stem(each) for each in found]
    for name in names:
        if names.count(name) > 1:
            raise _wrong(
                "scenarios",
                f"two scenarios are called {name}",
                "scenarios_have_names_of_their_own",
                "Name each once; rename a file.",
            )
    return found


def stem(scenario: str) -> str:
    """What a scenario, shipped or a file, is called in the results."""
    return Path(scenario).stem if "/" in scenario or scenario.endswith(".toml") else scenario


def _scenario(name: Any, folder: Path) -> str:
    if not isinstance(name, str):
        raise _wrong("scenarios", f"{name!r} is not a scenario", "scenario_exists", "Name it, or its file.")
    file = folder / name
    text = str(file.resolve()) if name.endswith(".toml") and file.is_file() else name
    living.opening(text)
    return text


def _seeds(held: Any) -> tuple[int, ...]:
    """A count n means the seeds 1 to n."""
    way_out = "Give a count such as 10, or a list such as [7, 8, 9]."
    if isinstance(held, int) and held > MOST_RUNS:
        raise _too_many_runs()
    seeds = list(range(1, held + 1)) if isinstance(held, int) and not isinstance(held, bool) else held
    if (
        not isinstance(seeds, list)
        or not seeds
        or not all(isinstance(one, int) and not isinstance(one, bool) for one in seeds)
        or not all(-(2**63) <= one < 2**63 for one in seeds)
        or len(set(seeds)) < len(seeds)
    ):
        raise _wrong("seeds", f"{held!r} are no seeds", "seeds_are_whole_numbers_each_once", way_out)
    return tuple(seeds)


def _outcomes(table: Mapping[str, Any]) -> tuple[str, ...]:
    names = _several(table, "outcomes") if "outcomes" in table else list(OUTCOMES)
    for name in names:
        if not isinstance(name, str) or name not in OUTCOMES:
            raise _wrong(
                "outcomes",
                f"nothing measures {name!r}",
                "outcome_is_known",
                f"There are: {', '.join(OUTCOMES)}.",
            )
    return tuple(dict.fromkeys(names))


def _several(table: Mapping[str, Any], key: str) -> list[Any]:
    held = table.get(key)
    held = [held] if isinstance(held, str) else held
    if not isinstance(held, list) or not held:
        raise _wrong(key, f"{key} are not named", f"{key}_are_named", f'Write {key} = ["…"].')
    return held


def _text(table: Mapping[str, Any], key: str, usual: str, *, at: str = "", needed: bool = False) -> str:
    held = table.get(key, usual)
    if not isinstance(held, str) or (needed and not held.strip()):
        raise _wrong(f"{at}.{key}".strip("."), f"{key} is a text", f"{key}_is_a_text", f'Write {key} = "…".')
    return held.strip()


def _count(table: Mapping[str, Any], key: str, usual: int, least: int, most: int, *, at: str = "") -> int:
    held = table.get(key, usual)
    if not isinstance(held, int) or isinstance(held, bool) or not least <= held <= most:
        raise _wrong(
            f"{at}.{key}".strip("."),
            f"{key} is {held!r}",
            f"{key}_is_{least}_to_{most}",
            f"Choose a whole number from {least} to {most}.",
        )
    return held


def _flag(table: Mapping[str, Any], key: str) -> bool:
    if not isinstance(held := table.get(key, False), bool):
        raise _wrong(key, f"{key} is {held!r}", f"{key}_is_true_or_false", "Write true or false.")
    return held


def _table(table: Mapping[str, Any], key: str, *, at: str = "") -> dict[str, Any]:
    """A table; `trade.ship_hours = 24` and `"trade.ship_hours" = 24` are one lever."""
    held = table.get(key, {})
    if not isinstance(held, dict):
        raise _wrong(f"{at}.{key}".strip("."), f"{key} is a table", f"{key}_is_a_table", f"Write [{key}].")
    return _flattened(held) if key == "levers" else held


def _flattened(held: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in held.items():
        if isinstance(value, dict) and "." not in name:
            made |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            made[name] = value
    return made


def _known(table: Mapping[str, Any], keys: set[str], at: str) -> None:
    for key in table:
        if key not in keys:
            raise _wrong(
                f"{at}{key}",
                f"an experiment has no {key!r}",
                "key_is_known",
                f"Known are: {', '.join(sorted(keys))}.",
            )


def _wrong(where: str, detail: str, rule: str, way_out: str) -> Invalid:
    return Invalid(f"{where}: {detail}" if where else detail, field=where, rule=rule, way_out=way_out)


def settings_of(made: Experiment, arm: Arm) -> dict[str, Any]:
    """What is changed in the scenario for this arm: the experiment's settings, then the arm's own."""
    return merged(made.settings, arm.settings)


def merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `more` laid over it, table by table."""
    made = dict(base)
    for key, value in more.items():
        both = isinstance(value, Mapping) and isinstance(made.get(key), Mapping)
        made[key] = merged(made[key], value) if both else value
    return made


def names_of(arms: Sequence[Arm]) -> list[str]:
    return [arm.name for arm in arms]
