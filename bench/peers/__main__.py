"""python -m bench.peers [install [NAME...]]: print the peers' table, or make their environments.

The table is measured on a PostgreSQL of its own, as `./jishi bench` starts it. `--json` for scripts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import peers
from jishi import servers
from jishi.cli.speak import answer


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description=__doc__.split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "command", nargs="?", choices=["install"], help="without it: measure what is installed"
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(peers.PEERS)}; default: all")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in peers.PEERS]
    if unknown:
        parser.error(f"there is no peer called {unknown[0]}; there are: {', '.join(peers.PEERS)}")
    if given.command == "install":
        try:
            peers.install(given.names)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as failure:
            sys.exit(f"peers: {failure}")
        return
    os.environ.pop("DATABASE_URL", None)
    with (
        tempfile.TemporaryDirectory(prefix="jishi-peers-") as home,
        servers.start(Path(home), redis=False) as running,
    ):
        os.environ["DATABASE_URL"] = running.database_url
        found = peers.rows()
    answer(
        found,
        "\n".join(f"{row['bench']:<44} {row['value']!s:>8} {row['unit']:<10} {row['note']}" for row in found),
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
