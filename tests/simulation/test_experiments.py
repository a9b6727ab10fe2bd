"""An experiment's file is refused in words; its arms live the same people; killed in the middle, it goes on."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from common.errors import Refusal
from simulation.experiments import conduct, effects, hands, plan, report, tables
from worlds import actions, jobs
from worlds.models import Job, World

TINY = Path(__file__).with_name("tiny.toml")
ARMS = [{"name": "sealed", "regime": "thesis-2010"}, {"name": "open", "regime": "open-feedback"}]


def table(**more: Any) -> dict[str, Any]:
    return {"name": "t", "scenarios": "quiet_street", "seeds": 2, "days": 3, "arms": ARMS, **more}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"arms": ARMS[:1]}, "two or more arms"),
        ({"arms": [ARMS[0], ARMS[0]]}, "two arms are called sealed"),
        ({"arms": [ARMS[0], {"name": "x", "lever": {}}]}, "no 'lever'"),
        (
            {"arms": [ARMS[0], {"name": "x", "levers": {"feedback": {"windows_days": 3}}}]},
            "no lever feedback.windows_days",
        ),
        ({"arms": [ARMS[0], {"name": "x", "from_day": 9}]}, "begins on day 9 of 3"),
        ({"scenarios": "nowhere"}, "no scenario called nowhere"),
        ({"seeds": [1, 1]}, "no seeds"),
        ({"arms": [ARMS[0], {"name": "two\nlines"}]}, "one line of at most 80"),
        ({"arms": [ARMS[0], {"name": "x" * 81}]}, "one line of at most 80"),
        ({"days": 0}, "days is 0"),
        ({"outcomes": ["luck"]}, "nothing measures 'luck'"),
        ({"baseline": "other"}, "no arm is called 'other'"),
        ({"question": 3}, "question is a text"),
        ({"seeds": 10**12}, "more than 10,000 runs"),
        ({"seeds": [2**63]}, "no seeds"),
        ({"outcomes": [["pv"]]}, "nothing measures"),
        ({"scenarios": ["quiet_street", "quiet_street"]}, "two scenarios are called quiet_street"),
        ({"settings": {"buyers": {"count": 0}}}, "buyers.count: cannot be 0"),
        ({"settings": {"shops": {"*": 3}}}, "is not a table"),
        (
            {"arms": [ARMS[0], {"name": "x", "settings": {"regime": "taobao-2014"}}]},
            "regime is not the scenario's",
        ),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_in_words(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        plan.of_table(table(**wrong), folder=Path())
    assert refused.value.way_out


def test_runs_of_two_files_of_one_name_would_not_be_told_apart(tmp_path: Path) -> None:
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "street.toml").write_text(TINY.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(Refusal, match="two scenarios are called street"):
        plan.of_table(table(scenarios=["north/street.toml", "south/street.toml"]), folder=tmp_path)
    assert plan.of_table(table(scenarios=["north/street.toml"]), folder=tmp_path).runs


def test_a_report_says_what_its_scenario_moves_under_every_arm(tmp_path: Path) -> None:
    moves = '\n[[changes]]\nday = 2\nlevers = {"feedback.reveal" = "open"}\n'
    (tmp_path / "moving.toml").write_text(TINY.read_text(encoding="utf-8") + moves, encoding="utf-8")
    made = plan.of_table(table(scenarios="moving.toml"), folder=tmp_path)
    assert "day 2: `feedback.reveal` → open" in report.markdown(made, [], [], 1.0)
    still = plan.of_table(table(scenarios="moving.toml", settings={"changes": []}), folder=tmp_path)
    assert "In every arm" not in report.markdown(still, [], [], 1.0)


def test_a_file_no_editor_should_have_written_is_refused_in_words_or_read(tmp_path: Path) -> None:
    file, shipped = tmp_path / "mine.toml", plan.found("open_feedback").read_text(encoding="utf-8")
    file.write_text(f"\ufeff{shipped}".replace("\n", "\r\n"), encoding="utf-8")
    assert plan.read(file).arms == plan.read(plan.found("open_feedback")).arms
    for wrong in (shipped.encode("utf-16"), b"seeds = " + b"[" * 9_999, b"seeds = " + b"1" * 9_999):
        file.write_bytes(wrong)
        with pytest.raises(Refusal) as refused:
            plan.read(file)
        assert (refused.value.rule, bool(refused.value.way_out)) == ("file_is_toml", True)


def test_results_go_into_a_folder_that_can_be_one(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    made = plan.of_table(table(), folder=Path())
    with pytest.raises(Refusal, match="cannot be a folder of results") as refused:
        conduct.place(made, tmp_path / "taken")
    assert refused.value.way_out


def test_what_ships_reads_and_says_which_levers_it_moves() -> None:
    made = {name: plan.read(plan.found(name)) for name in plan.shipped_names()}
    feedback = made["open_feedback"]
    assert (len(feedback.seeds), len(feedback.runs)) == (10, 20)
    [moved] = feedback.moved(feedback.arm("open-feedback"), feedback.scenarios[0])
    assert moved == {"lever": "feedback.reveal", "baseline": "sealed", "arm": "open"}
    assert [run.arm.name for run in feedback.runs[:2]] == ["thesis-2010", "open-feedback"], (
        "whole pairs first"
    )
    assert "visible_sales" in made


HAMLET = str(Path(__file__).with_name("tiny.toml"))


class Dies(conduct.Here):
    """Lives one run, cancels the next, and is killed when the third's market is made and its job begun."""

    taken = 0

    def take(self, job: Any) -> None:
        self.taken += 1
        if self.taken == 3:
            raise KeyboardInterrupt
        if self.taken == 2:
            jobs.cancel(job)
        else:
            super().take(job)


def test_a_killed_experiment_goes_on_and_tells_what_each_arm_did(
    transactional_db_without_flush: None, tmp_path: Path
) -> None:
    late = {"name": "late", "levers": {"feedback.reveal": "open"}, "from_day": 3}
    made = plan.of_table(table(scenarios=HAMLET, arms=[ARMS[0], late]), folder=tmp_path)
    there = conduct.place(made, tmp_path / "runs")
    with pytest.raises(KeyboardInterrupt):
        conduct.conduct(made, there, Dies(), lambda *_: None)
    first, second, *rest = [conduct.read(there, run) for run in made.runs]
    assert (first["failed"], second["failed"], rest) == (None, "the job was cancelled", [None, None])
    begun = Job.objects.get(world__name=there.world(made.runs[2]))
    assert effects.effects(made, [first, second])[0].pairs.n == 0, "half a pair tells nothing"

    seen: list[int] = []
    records = conduct.conduct(made, there, conduct.Here(), lambda done, *_: seen.append(done))
    assert (seen[0], seen[-1]) == (1, 4), "what was done is not done again, what failed is"
    assert [r["failed"] for r in records] == [None] * 4
    assert records[0] == first
    assert not Job.objects.filter(pk=begun.pk).exists(), "the market that was begun was lived, and is gone"
    assert not World.objects.filter(name__startswith=there.mark).exists()
    orders = [r["outcomes"]["orders_paid"] for r in records]
    assert orders[0] == orders[1] > 0, "the same people do the same, where no rule tells them apart"
    assert len({r["state_hash"] for r in records}) == 4, "every arm and seed is a market of its own"

    found = effects.effects(made, records)
    paid = next(e for e in found if e.outcome == "orders_paid")
    assert (paid.pairs.n, paid.pairs.mean, paid.pairs.same) == (2, 0, 2)
    tables.write(tables.tables(records), tmp_path)
    with (tmp_path / "shops.csv").open() as lines:
        shops = list(csv.DictReader(lines))
    assert len(shops) == 4 * 12
    assert sum(int(row["orders"] or 0) for row in shops if row["run"] == "1") >= orders[0]
    with (tmp_path / "days.csv").open() as lines:
        assert [row["day"] for row in csv.DictReader(lines)] == ["1", "2", "3"] * 4
    text = report.markdown(made, found, [*records[:-1], {**records[-1], "failed": "a lamp fell"}], 1.0)
    for said in ("`feedback.reveal`: sealed → open", "from day 3", "a lamp fell"):
        assert said in text
    assert "<svg" in report.page(made, found, records, 1.0)

    changed = plan.of_table(table(scenarios=HAMLET, days=4), folder=tmp_path)
    with pytest.raises(Refusal, match="holds another experiment"):
        conduct.place(changed, tmp_path / "runs")


def test_runs_of_another_version_do_not_stand_beside_new_ones(tmp_path: Path) -> None:
    made = plan.of_table(table(), folder=tmp_path)
    conduct.place(made, tmp_path)
    conduct.place(made, tmp_path)
    file = tmp_path / "experiment.json"
    for before in ({"program": "0" * 12}, {}):
        file.write_text(json.dumps({"name": made.name, "digest": made.digest, **before}))
        with pytest.raises(Refusal, match="another version of Jishi") as refused:
            conduct.place(made, tmp_path)
        assert refused.value.rule == "a_folder_is_lived_by_one_version"
    for damaged in ("{", "3", ""):
        file.write_text(damaged)
        with pytest.raises(Refusal, match="was damaged"):
            conduct.place(made, tmp_path)
        assert file.read_text() == damaged


class Listeners(hands.Processes):
    """Processes that hear of jobs and do none."""

    def _start(self) -> None:
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        self.started.append(subprocess.Popen(command, stdin=subprocess.PIPE, text=True))


def test_a_process_whose_run_is_over_and_gone_is_given_the_next(transactional_db_without_flush: None) -> None:
    names = [f"h{uuid.uuid4().hex[:8]}" for _ in range(3)]
    try:
        given = [Job.objects.create(world=actions.create(name, seed=1)[0], kind="trial") for name in names]
        with Listeners(2) as both:
            first, second = (process.pid for process in both.started)
            both.take(given[0])
            both.take(given[1])
            assert both.busy == {first: given[0].pk, second: given[1].pk}
            Job.objects.filter(pk=given[1].pk).update(status="done")
            actions.drop(
                World.objects.get(name=names[1])
            )  # and its job with it, as when a run is written down
            both.take(given[2])
            assert both.busy == {first: given[0].pk, second: given[2].pk}, (
                "no process sits idle while others work"
            )
    finally:
        for world in World.objects.filter(name__in=names):
            Job.objects.filter(world=world).delete()
            actions.drop(world)
