"""The supervisor, on stand-ins: what dies comes back, what is ours ends, what is not ours is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from jishi.servers.errors import ServerError
from jishi.servers.fork import Forked, fork
from jishi.servers.home import Home, Record
from jishi.servers.process import Identity, spawn
from jishi.servers.supervisor import Job, Supervisor, end_leftovers
from tests.house.places import PLATFORM, clean_env, comes_true

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def job(name: str, words: list[str], log: Path, patience: float = 5.0) -> Job:
    def launch() -> subprocess.Popen[bytes]:
        with log.open("ab") as handle:
            return spawn(words, log=handle)

    return Job(name, launch, patience=patience)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def supervisor():
    made = Supervisor()
    yield made
    made.stop()


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_killed_child_is_back_within_a_second(supervisor, log):
    first = supervisor.start(job("one", SLEEP, log)).process.pid
    with supervisor.listening():
        os.kill(first, signal.SIGKILL)
        clock = iter(range(100))
        supervisor.watch(
            lambda: supervisor.children["one"].process.pid != first or next(clock) > 50, poll=0.02
        )
    assert supervisor.children["one"].process.pid != first
    assert supervisor.children["one"].deaths == 1


def test_a_child_that_keeps_dying_waits_longer_each_time(supervisor, log):
    supervisor.start(job("sick", [sys.executable, "-c", "raise SystemExit(3)"], log))
    waits: list[float] = []
    for _ in range(3):
        child = supervisor.children["sick"]
        child.process.wait(10)
        supervisor._look_after(child)
        waits.append(child.again_at - time.monotonic())
        child.again_at = 0.0  # the wait is over
        supervisor._look_after(child)
    assert waits[0] < waits[1] < waits[2]


def test_what_a_dead_child_left_in_its_group_is_ended_before_its_successor_starts(supervisor, log, tmp_path):
    body = f"""if True:
        import subprocess, time
        child = subprocess.Popen({SLEEP!r})
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
        time.sleep(60)
    """
    leader = supervisor.start(job("family", [sys.executable, "-c", body], log)).process
    assert comes_true(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    orphan = int((tmp_path / "pid").read_text())
    leader.kill()
    leader.wait()
    supervisor._look_after(supervisor.children["family"])
    assert comes_true(lambda: not alive(orphan), 3)


def test_stopping_ends_all_children_and_names_them_last_started_first(supervisor, log):
    pids = [supervisor.start(job(name, SLEEP, log)).process.pid for name in ("one", "two")]
    assert supervisor.stop() == ["two", "one"]
    assert not any(alive(pid) for pid in pids)


def test_a_child_deaf_to_being_asked_is_made_to_stop(supervisor, log):
    pid = supervisor.start(job("deaf", DEAF, log, patience=0.2)).process.pid
    assert comes_true(lambda: b"deaf" in log.read_bytes())
    supervisor.stop()
    assert not alive(pid)


def test_a_child_is_started_from_the_main_thread_only(log):
    said: list[Exception] = []

    def elsewhere() -> None:
        try:
            fork("x", lambda: None, log)
        except ServerError as problem:
            said.append(problem)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "main thread" in str(said[0])


def in_a_process_of_its_own(body: str, tmp_path: Path) -> subprocess.Popen[str]:
    """A parent whose children are forks; pytest's own process has threads and should not fork."""
    script = tmp_path / "parent.py"
    script.write_text("import os, sys, time\nfrom pathlib import Path\n" + textwrap.dedent(body))
    return subprocess.Popen(
        [sys.executable, script, tmp_path],
        env=clean_env(PYTHONPATH=str(PLATFORM)),
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_forked_child_says_how_it_ended_and_speaks_to_its_log(tmp_path):
    body = """
    from jishi.servers.fork import fork
    log = Path(sys.argv[1]) / "log"
    print(fork("a", lambda: print("hello"), log).wait())
    print(fork("b", lambda: sys.exit("no luck"), log).wait())
    print(fork("c", lambda: 1 / 0, log).wait())
    """
    parent = in_a_process_of_its_own(body, tmp_path)
    assert parent.communicate()[0].split() == ["0", "1", "1"]
    said = (tmp_path / "log").read_text()
    assert "hello" in said
    assert "no luck" in said
    assert "ZeroDivisionError" in said


def test_a_killed_parent_takes_its_forks_along_and_leaves_its_home_free(tmp_path):
    body = """
    from jishi.servers.fork import fork
    from jishi.servers.home import Home
    home = Home(Path(sys.argv[1]) / "home")
    with home.owning() as mine:
        child = fork("sleeper", lambda: time.sleep(60), Path(sys.argv[1]) / "log")
        print(child.pid, mine, flush=True)
        time.sleep(60)
    """
    parent = in_a_process_of_its_own(body, tmp_path)
    assert parent.stdout is not None
    pid, mine = parent.stdout.readline().split()
    home = Home(tmp_path / "home")
    assert mine == "True"
    assert home.owned()
    parent.kill()
    parent.communicate()
    # A fork that still held the parent's lock would keep the home closed.
    assert comes_true(lambda: not home.owned(), 2)
    assert comes_true(lambda: not alive(int(pid)), 2)


def test_a_fork_deaf_to_being_asked_is_made_to_stop(tmp_path):
    body = """
    import signal
    from jishi.servers.fork import fork
    from jishi.servers.supervisor import Job, Supervisor
    log = Path(sys.argv[1]) / "log"
    def deaf():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(60)
    supervisor = Supervisor()
    child = supervisor.start(Job("deaf", lambda: fork("deaf", deaf, log), patience=0.2)).process
    while not log.exists() or "deaf" not in log.read_text():
        time.sleep(0.01)
    print(supervisor.stop(), child.returncode)
    """
    parent = in_a_process_of_its_own(body, tmp_path)
    assert parent.communicate(timeout=20)[0].split() == ["['deaf']", "-9"]


def test_a_forks_exit_code_is_known_even_when_asked_late(tmp_path):
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", "raise SystemExit(7)"], os.environ)
    child = Forked(pid)
    assert child.wait(10) == 7
    assert child.poll() == 7


def record_of(*children: Identity) -> Record:
    gone = Identity(2**22 - 1, 0.0, "another boot")
    return Record(gone, "up", children={f"child {n}": each.as_record() for n, each in enumerate(children)})


def test_leftovers_of_a_dead_owner_are_ended(log):
    with log.open("ab") as handle:
        process = spawn(SLEEP, log=handle)
    assert end_leftovers(record_of(Identity.of(process.pid))) == ["child 0"]
    assert not alive(process.pid)


def test_a_stranger_who_got_the_number_of_a_dead_child_is_left_alone(log):
    with log.open("ab") as handle:
        stranger = spawn(SLEEP, log=handle)
    try:
        known = Identity.of(stranger.pid)
        earlier = Identity(known.pid, known.created - 3600, known.boot)
        other_boot = Identity(known.pid, known.created, "before the reboot")
        assert end_leftovers(record_of(earlier, other_boot)) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
