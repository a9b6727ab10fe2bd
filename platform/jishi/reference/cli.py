"""docs/reference/cli.md: every command, from typer itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from jishi.cli.main import assemble

PAGE = "cli.md"
HEAD = """# The command line

Made from the commands themselves by `python -m jishi.reference`; do not edit. Every command has `--help`,
and `--json` for one JSON object on standard output (progress and remarks go to standard error). Exit codes:
0 done, 2 wrong usage, 1 failed, with one sentence of why. Commands that need servers use `DATABASE_URL` and
`REDIS_URL` if both are set; else those of a running `./jishi up`; else they start their own and stop them
again. `JISHI_HOME` is the folder they keep (default `.jishi/`).
"""


def page() -> str:
    root = typer.main.get_command(assemble())
    return "\n".join([HEAD, *_told(root, "./jishi")]).rstrip() + "\n"


def _told(command: Any, name: str) -> Iterator[str]:
    """A command (typer carries its own click, so by their kinds' words): what it does, takes, an example."""
    inner = getattr(command, "commands", None)
    if inner is not None:
        for word, each in inner.items():
            yield from _told(each, f"{name} {word}")
        return
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    options = [each for each in options if each.name not in {"help", "json"}]
    words = " ".join(_shown(each) for each in arguments)
    yield f"## `{f'{name} {words}'.strip()}`\n"
    yield f"{' '.join((command.help or '').split())}\n"
    if arguments or options:
        yield "| | |\n|---|---|"
        yield from (f"| `{_shown(each)}` | {each.help or ''} |" for each in arguments)
        yield from (f"| {_flags(each)} | {_meaning(each)} |" for each in options)
        yield ""
    if command.epilog:
        kind, _, example = command.epilog.partition(": ")
        yield f"{kind}: `{example}`\n"


def _shown(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _flags(option: Any) -> str:
    return ", ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))


def _meaning(option: Any) -> str:
    """Help and default, in one line."""
    plain = option.default if isinstance(option.default, str | int) and not option.is_flag else ""
    default = f" Default `{plain}`." if plain != "" else ""
    return " ".join((option.help or "").split()) + default
