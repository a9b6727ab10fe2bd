"""A log replayed through the doors people use leaves a market that says what the log says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from bench.calibration import SPEC
from common import random
from common.batch import one, rows
from common.errors import Conflict, Invalid
from common.moments import duration
from simulation import replay
from simulation.export import export
from simulation.measures import market
from simulation.userbehavior import NAMES, counted, read
from worlds import actions, clock, jobs
from worlds.checks import audit
from worlds.current import point, use_world
from worlds.models import Job

BEGIN = 1511539200  # 25 November 2017, 00:00 in Shanghai


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Three days of thirty users and sixty items, every act among them."""
    file = tmp_path / "log.csv"
    n = range(400)
    who = random.integers(5, "test.user", list(n), bound=30)
    what = random.integers(5, "test.item", list(n), bound=60)
    how = random.choices(5, "test.act", list(n), weights=(0.8, 0.05, 0.08, 0.07))
    when = random.integers(5, "test.when", list(n), bound=3 * 86400)
    with file.open("w", newline="") as out:
        lines = csv.writer(out)
        for user, item, act, at in zip(who.tolist(), what.tolist(), how.tolist(), when.tolist(), strict=True):
            lines.writerow([user + 1, item + 1, item % 7 + 1, NAMES[act], BEGIN + at])
    return file


def replayed(world: Any, file: Path, **more: Any) -> dict[str, Any]:
    point(world.schema)
    job = replay.start(world, str(file), **more)
    assert jobs.run_job(str(job.pk)) == "done", Job.objects.get(pk=job.pk).error
    result: dict[str, Any] = Job.objects.get(pk=job.pk).result  # type: ignore[assignment]
    return result


def test_a_replay_reconciles_with_its_file(committed_world: Any, log: Path) -> None:
    told = replayed(committed_world, log)
    file = counted(read(log))
    assert told["reconciles"], told["differences"]
    assert {name: told[name] for name in ("pv", "fav", "cart", "buy", "users", "items", "days")} == {
        name: file[name] for name in ("pv", "fav", "cart", "buy", "users", "items", "days")
    }
    assert told["orders"] == file["buy"] > 0
    assert told["refused"] == {}
    with use_world(committed_world.schema):
        assert not any(audit().values())
        found = {figure.name: figure.value for figure in market(repeats=2)}
        assert set(SPEC["market"]) <= set(found)
        lines = dict(rows("SELECT quantity, count(*) FROM shops_orderline GROUP BY 1"))
        assert found["orders_of_one_piece"] == lines[1] / sum(lines.values())
        assert found["items_per_shop_median"] > 0
        assert one("SELECT count(*) FROM shops_order WHERE status = 'finished'") == file["buy"]
        assert one("SELECT sum(total_fen) FROM shops_order") == told["gmv_fen"]
        assert one("SELECT count(*) FROM ratings_feedback WHERE revealed_at IS NULL") == 0


def test_views_and_purchases_happen_at_the_seconds_of_the_log(committed_world: Any, log: Path) -> None:
    replayed(committed_world, log)
    wanted = read(log)
    with use_world(committed_world.schema):
        seen = [
            row[0] for row in rows("SELECT extract(epoch FROM at)::bigint FROM traffic_pageview ORDER BY at")
        ]
        paid = [
            row[0]
            for row in rows("SELECT extract(epoch FROM paid_at)::bigint FROM shops_order ORDER BY paid_at")
        ]
    assert seen == wanted.ts[wanted.behaviour == 0].tolist()
    assert paid == wanted.ts[wanted.behaviour == 3].tolist()


def test_a_replay_stopped_between_slices_ends_in_the_same_market(
    committed_world: Any, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = replayed(committed_world, log)["state_hash"]
    other, _ = actions.create(f"{committed_world.name}b", seed=7)
    try:
        point(other.schema)
        job = replay.start(other, str(log), seed=7)
        monkeypatch.setattr(replay, "SLICE_SECONDS", 0.0)
        done = 0

        def dies(work: Any) -> Any:
            nonlocal done
            done += 1
            if done % 7 == 0:
                replay._do(
                    replay._cast(work.args), dict(work.state) or replay._opening(replay._cast(work.args))
                )
                raise ConnectionResetError("the worker dies in the middle of a slice")
            return replay.replay(work)

        monkeypatch.setitem(
            __import__("jishi.wiring").wiring.JOBS, "replay", "tests.simulation.test_replay.DIES"
        )
        monkeypatch.setattr("tests.simulation.test_replay.DIES", dies)
        for _ in range(400):
            if jobs.run_job(str(job.pk)) == "done":
                break
            Job.objects.filter(pk=job.pk).update(status="running", error=None, finished_at=None)
        told = Job.objects.get(pk=job.pk).result
        assert told is not None
        assert told["state_hash"] == undisturbed
    finally:
        point(None)
        actions.drop(other)


DIES: Any = None


def test_what_is_exported_is_what_was_replayed(committed_world: Any, log: Path, tmp_path: Path) -> None:
    told = replayed(committed_world, log)
    out = tmp_path / "out.csv"
    with use_world(committed_world.schema):
        assert export(out)["rows"] == told["rows"]
        for nowhere in (tmp_path, Path("/dev/full")):
            with pytest.raises(Invalid, match="cannot be written"):
                export(nowhere)
        assert one("SELECT count(*) FROM traffic_pageview"), "and the connection still answers"
    again, first = counted(read(out)), counted(read(log))
    assert {k: v for k, v in again.items() if k != "skipped"} == {
        k: v for k, v in first.items() if k != "skipped"
    }


def test_a_log_of_the_past_is_refused(committed_world: Any, log: Path) -> None:
    with use_world(committed_world.schema):
        clock.advance(clock.now() + duration("P1D"))
        late = log.parent / "late.csv"
        late.write_text("1,1,1,pv,1000000000\n")
        with pytest.raises(Conflict) as refused:
            replay.start(committed_world, str(late))
        assert refused.value.rule == "clock_never_goes_back"
        with pytest.raises(Invalid):
            replay.start(committed_world, str(log), form="parquet")
