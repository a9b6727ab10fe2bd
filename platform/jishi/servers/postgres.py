"""A real PostgreSQL in a folder: made, started, waited for."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import psutil

from . import binaries
from .errors import ServerError
from .ports import free_port
from .process import guarded, spawn

USER = DATABASE = "jishi"
START_LIMIT = 60.0  # seconds; recovery after a kill with much unwritten WAL takes its time
PORT_TRIES = 5

# Lock slots = this times (connections + autovacuum workers). A world is a schema of 60+ tables with
# about 300 indexes, sequences and constraints; creating, forking or dropping one locks all of them in a
# single transaction (1,000 to 2,000 locks), a dump locks every world at once. The table is filled when the
# server starts: 80 connections times 1,024 cost about 17 MB, times 4,096 about 70 MB.
LOCKS_PER_TRANSACTION = 1024
CONNECTIONS = 80

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": CONNECTIONS,
    "max_locks_per_transaction": LOCKS_PER_TRANSACTION,
    "shared_buffers": "64MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "jit": "off",
    "random_page_cost": 1.1,
    "max_worker_processes": 4,
    "max_parallel_workers": 2,
    "max_parallel_workers_per_gather": 1,
    "autovacuum_max_workers": 1,
    "max_logical_replication_workers": 0,
    "log_timezone": "UTC",
    "timezone": "UTC",
    # No replicas, so no WAL for them: rows copied into a table made in the same transaction (a fork, a
    # clone) are then synced as files instead of being written twice.
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
}
# What an acknowledged commit must survive. A killed server loses its WAL buffers, which live in shared
# memory, so synchronous_commit stays on: the commit waits until its WAL has left the process. A killed
# process leaves the kernel's page cache alone, so fsync could be off for that alone; but a market holds a
# class's work for weeks on somebody's laptop, a power cut without fsync may leave a folder that cannot be
# opened at all, and a flush costs 0.13 ms here. So the kept folder flushes; the thrown-away one does not.
# After a crash every file is flushed before anybody is let in: one by one that takes seconds for the thousands
# of tables that markets have, by the file system a moment.
KEPT = {"fsync": "on", "synchronous_commit": "on"} | (
    {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}
)
THROWN_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "5min",
}


@cache
def unprivileged() -> str:
    """How the guard makes PostgreSQL, which refuses to be root, accept us: its USER argument."""
    if os.geteuid() != 0:
        return "same"
    if not os.environ.get("JISHI_NO_NAMESPACES"):
        trial = guarded(["/bin/true"], "namespace")
        if subprocess.run(trial, capture_output=True, timeout=20).returncode == 0:
            return "namespace"
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return f"{found.pw_uid}:{found.pw_gid}"
    raise ServerError(
        "PostgreSQL refuses to run as root, user namespaces are forbidden here and there is no user "
        "`postgres` or `nobody`. Run ./jishi as an ordinary user, or set DATABASE_URL."
    )


def _own(folder: Path, user: str) -> None:
    """Give the data folder to whoever will run the server, when that is not its owner yet."""
    if os.geteuid() != 0:
        return
    uid, gid = (int(part) for part in user.split(":")) if ":" in user else (0, 0)
    if uid:
        folder.parent.chmod(0o711)  # let that user pass through; what is secret in it has its own lock
    if folder.stat().st_uid == uid:
        return
    for parent, _folders, files in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in files)):
            os.chown(path, uid, gid, follow_symlinks=False)


def _run(command: list[str], user: str, stdin: str | None = None) -> None:
    """Run one of PostgreSQL's own programs to its end; ServerError with what it said when it fails."""
    words = guarded(command, user)
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", input=stdin, env=_env())
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-8:]
        reach = ""
        if ":" in user:
            reach = (
                " User namespaces are forbidden here, so it ran as an unprivileged user, who must be able "
                "to reach the project's folder; run ./jishi as an ordinary user, or set DATABASE_URL."
            )
        raise ServerError(f"{Path(command[0]).name} failed: {' / '.join(said)}.{reach}")


def _env() -> dict[str, str]:
    """The caller's environment without what would steer PostgreSQL's programs (PGPORT, PGDATA, LC_*)."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))} | {"LC_ALL": "C"}


def is_initialised(data: Path) -> bool:
    return (data / "PG_VERSION").exists()


def initialise(data: Path, password: str) -> None:
    """Make the data folder whole or not at all: a half-made one never gets the final name."""
    folder = binaries.postgres_folder()
    user = unprivileged()
    if data.exists() and any(data.iterdir()):
        raise ServerError(
            f"{data} is not empty and not a whole database either (no PG_VERSION in it). If nothing in it "
            f"is needed, remove it and start again: rm -r {data}"
        )
    making = data.with_name(data.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    _own(making, user)
    # Trigram similarity sees no letters in Chinese under LC_CTYPE=C. Version 17 brings its own UTF-8
    # locale; older ones need the system's.
    locale = ["--locale=C.UTF-8"]
    if binaries.postgres_version(folder) >= 17:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
    with tempfile.NamedTemporaryFile("w", prefix="jishi-") as secret:
        secret.write(password + "\n")
        secret.flush()
        if ":" in user:
            os.chown(secret.name, *(int(part) for part in user.split(":")))
        program = str(folder / "initdb")
        options = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={secret.name}", "-E", "UTF8", *locale]
        _run([program, "-D", str(making), *options, "--no-sync", "--no-instructions"], user)
    alone(making, f"CREATE DATABASE {DATABASE}")
    if data.exists():
        data.rmdir()
    making.rename(data)


def alone(data: Path, statement: str) -> None:
    """Run one statement on a data folder whose server does not run."""
    program = str(binaries.postgres_folder() / "postgres")
    _run([program, "--single", "-D", str(data), "postgres"], unprivileged(), stdin=statement + "\n")


def command(data: Path, port: int, *, throwaway: bool) -> list[str]:
    folder = binaries.postgres_folder()
    settings: dict[str, object] = {**SETTINGS, **(THROWN_AWAY if throwaway else KEPT), "port": port}
    if binaries.postgres_version(folder) >= 18:
        settings["io_method"] = "sync"  # three helper processes fewer; nothing here waits on cold disks
    words = [str(folder / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        words += ["-c", f"{name}={value}"]
    return words


def processes_of(data: Path) -> list[psutil.Process]:
    """Every process that works in this data folder, whoever is its parent now."""
    found = []
    home = str(data.resolve())
    for each in psutil.process_iter(["name"]):
        if (each.info["name"] or "").startswith("postgres"):
            with contextlib.suppress(psutil.Error):
                if each.cwd() == home:
                    found.append(each)
    return found


def end_orphans(data: Path) -> None:
    """End backends that outlived their postmaster: they hold its shared memory, so no new one can start."""
    orphans = processes_of(data)
    for each in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGQUIT)
    _gone, alive = psutil.wait_procs(orphans, timeout=1)
    for each in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(alive, timeout=5)


def launch(data: Path, port: int, log: Path, *, throwaway: bool) -> "subprocess.Popen[bytes]":
    """Start the server; `wait_ready` says when it answers."""
    user = unprivileged()
    _own(data, user)
    (data / "postmaster.pid").unlink(missing_ok=True)
    with log.open("ab") as handle:
        return spawn(
            command(data, port, throwaway=throwaway),
            log=handle,
            env=_env(),
            death_signal=signal.SIGINT,
            user=user,
        )


def is_ready(data: Path) -> bool:
    """Whether the postmaster says so itself, as pg_ctl reads it (line 8 of its pid file)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def wait_ready(process: "subprocess.Popen[bytes]", data: Path, log: Path) -> bool:
    """True when the server answers, False when it ended instead."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if is_ready(data):
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.005)
    process.kill()
    raise ServerError(f"PostgreSQL did not answer within {START_LIMIT:.0f} s; see {log}.")


def url(port: int, password: str) -> str:
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"


def start(data: Path, log: Path, password: str, *, throwaway: bool) -> tuple["subprocess.Popen[bytes]", int]:
    """A running server and its port; tries other ports when one is lost to somebody else."""
    if not is_initialised(data):
        initialise(data, password)
    end_orphans(data)
    for _try in range(PORT_TRIES):
        port = free_port()
        process = launch(data, port, log, throwaway=throwaway)
        if wait_ready(process, data, log):
            return process, port
        if "could not bind" not in _tail(log):
            break
    raise ServerError(f"PostgreSQL did not start: {_tail(log, 3)} (see {log}).")


def _tail(log: Path, lines: int = 12) -> str:
    try:
        return " / ".join(log.read_text(errors="replace").strip().splitlines()[-lines:])
    except OSError:
        return ""
