"""Where a peer lives: an environment of its own under .jishi/peers, a database of its own, a server of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psutil
import psycopg
from psycopg import sql

from jishi.cli.speak import note
from jishi.servers import binaries
from jishi.servers.home import ROOT
from jishi.servers.ports import free_port
from jishi.servers.process import end, spawn

PEERS = ROOT / "bench" / "peers"
PATIENCE = 90.0  # seconds until a peer's server answers
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME")


@dataclass(frozen=True)
class Place:
    """A peer's folders: `ours` is kept in git, `theirs` never is. `pins` are the files that say what to install."""

    name: str
    pins: tuple[str, ...]

    @property
    def ours(self) -> Path:
        return PEERS / self.name

    @property
    def theirs(self) -> Path:
        return ROOT / ".jishi" / "peers" / self.name

    def stamp(self) -> str:
        return _digest([self.ours / pin for pin in self.pins])

    def installed(self) -> bool:
        """Whether the environment is whole and of today's pins."""
        marker = self.theirs / "installed"
        return marker.is_file() and marker.read_text() == self.stamp()

    def install(self, work: Callable[[], None]) -> None:
        """Do `work` in an empty folder unless it is done already; seeded databases of other pins go as well."""
        if self.installed():
            note(f"{self.name}: already there, in {self.theirs}")
            return
        shutil.rmtree(self.theirs, ignore_errors=True)
        self.theirs.mkdir(parents=True)
        work()
        (self.theirs / "installed").write_text(self.stamp())
        note(f"{self.name}: installed, in {self.theirs}")

    def environment(self, **more: str) -> dict[str, str]:
        """What a peer's program may see: nothing of Jishi's."""
        return {name: os.environ[name] for name in KEPT if name in os.environ} | more

    def show(self, *words: str | Path) -> None:
        """Run an installer to its end, in the caller's environment, with what it says on standard error."""
        subprocess.run(words, check=True, stdout=sys.stderr, cwd=self.theirs)

    def run(
        self, *words: str | Path, given: bytes = b"", env: dict[str, str], cwd: Path | None = None
    ) -> None:
        """Run one of the peer's programs to its end; RuntimeError with its last words when it fails."""
        with tempfile.TemporaryFile() as log:
            done = subprocess.run(words, input=given, env=env, cwd=cwd or self.theirs, stdout=log, stderr=log)
            if done.returncode:
                raise RuntimeError(
                    f"{self.name}: {' '.join(Path(word).name for word in words[:4])} failed: {_tail(log.fileno())}"
                )

    @contextmanager
    def database(self, base: str, seed: Callable[[str], None]) -> Iterator[str]:
        """The URL of a new database beside `base`'s, seeded; or laid as it was after the last seeding. Dropped after."""
        name = f"peer_{self.name}_{uuid.uuid4().hex[:8]}"
        url = urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
        with psycopg.connect(base, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            try:
                began = perf_counter()
                words = "laid" if self._lay(url) else "seeded"
                if words == "seeded":
                    seed(url)
                    self._keep(url)
                with psycopg.connect(url, autocommit=True) as own:
                    own.execute("VACUUM ANALYZE")
                note(f"{self.name}: database {words} in {perf_counter() - began:.1f} s")
                yield url
            finally:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _dump(self) -> Path:
        """Named after all that shapes it: pins, the seeding programs, the goods, PostgreSQL's version."""
        shaping = sorted(
            path for path in self.ours.rglob("*") if path.suffix in (".py", ".js", ".json", ".txt")
        )
        version = binaries.postgres_version(binaries.postgres_folder())
        return self.theirs / f"seeded-{version}-{_digest([*shaping, PEERS / 'words.py'])}.dump"

    def _lay(self, url: str) -> bool:
        dump = self._dump()
        if not dump.exists():
            return False
        program = binaries.postgres_folder() / "pg_restore"
        self.run(program, "--no-owner", "--exit-on-error", "-d", url, dump, env=self.environment())
        return True

    def _keep(self, url: str) -> None:
        """A dump for the next time; without one (a server of another version) it is seeded again."""
        for old in self.theirs.glob("seeded-*"):
            old.unlink()
        dump = self._dump()
        making = dump.with_suffix(".making")
        with suppress(RuntimeError):
            self.run(
                binaries.postgres_folder() / "pg_dump",
                "-Fc",
                "-Z1",
                "-f",
                making,
                url,
                env=self.environment(),
            )
            making.rename(dump)

    @contextmanager
    def server(
        self, words: Callable[[int], Sequence[str | Path]], path: str, *, env: dict[str, str], cwd: Path
    ) -> Iterator[int]:
        """The port on which `words(port)` answers 200 to `path`. Ended after, and when we end."""
        port = free_port()
        with (self.theirs / "server.log").open("wb") as log:
            process = spawn(words(port), log=log, env=env, cwd=cwd)
            try:
                self._wait(process, port, path)
                yield port
            finally:
                with suppress(psutil.NoSuchProcess):
                    end(psutil.Process(process.pid), signal.SIGTERM, patience=10)
                process.wait()

    def _wait(self, process: subprocess.Popen[bytes], port: int, path: str) -> None:
        until = perf_counter() + PATIENCE
        said: object = "nothing"
        while perf_counter() < until:
            if process.poll() is not None:
                raise RuntimeError(
                    f"{self.name}: its server ended by itself; see {self.theirs / 'server.log'}"
                )
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    pass
                with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30):
                    return
            except HTTPError as answer:
                raise RuntimeError(
                    f"{self.name}: {path} answered {answer.code}; see {self.theirs / 'server.log'}"
                ) from answer
            except (URLError, OSError) as silence:
                said = silence
                sleep(0.2)
        raise RuntimeError(f"{self.name}: its server does not answer ({said})")


def _digest(files: Sequence[Path]) -> str:
    found = hashlib.sha256()
    for path in files:
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _tail(handle: int) -> str:
    size = os.fstat(handle).st_size
    return " ".join(os.pread(handle, 600, max(0, size - 600)).decode(errors="replace").split())
