"""./jishi: assembles the commands. A module of this folder joins by one line in MODULES.

Each has `add(app)`, which hangs its commands on the typer application. Modules import Django, numpy and
the like inside their functions, so that `./jishi status` stays quick.
"""

import importlib
import os
import sys

import typer

from jishi.cli.speak import Failure, with_way_out
from jishi.servers import ServerError

MODULES = (
    "up",  # up, down, status, logs
    "doctor",
    "worlds",  # world create, list, show, fork, snapshot, reset, drop, hash, diff; audit, explain
    "clock",  # advance
    "auction",
    "staff",
    "views",
    "logs_of_behaviour",  # replay, export
    "populations",  # simulate
    "experiments",  # experiment, circulation
    "seats",  # seat take, leave, list
    "bench",
    "test",
)


def assemble() -> typer.Typer:
    app = typer.Typer(
        name="jishi",
        help="A runnable sandbox of a Taobao-style marketplace. Start with: ./jishi up",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in MODULES:
        importlib.import_module(f"jishi.cli.{name}").add(app)
    return app


def sentence_of(problem: Exception) -> str | None:
    """What to say instead of a traceback; None when it is a mistake of ours."""
    if isinstance(problem, (Failure, ServerError)):
        return str(problem)
    ours = getattr(sys.modules.get("common.errors"), "Refusal", None)
    if ours is not None and isinstance(problem, ours):
        return with_way_out(str(getattr(problem, "detail", problem)), getattr(problem, "way_out", None))
    command = getattr(sys.modules.get("django.core.management.base"), "CommandError", None)
    if command is not None and isinstance(problem, command):
        return str(problem)
    database = getattr(sys.modules.get("django.db.utils"), "OperationalError", None)
    if database is not None and isinstance(problem, database):
        return f"The database does not answer: {str(problem).strip()}. See ./jishi doctor."
    return None


def main() -> None:
    app = assemble()
    try:
        app(prog_name="./jishi")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as problem:
        said = sentence_of(problem)
        if said is None:
            raise
        print(f"jishi: {said}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
