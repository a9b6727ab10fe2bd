"""Tables, template and demo: what must be in the database before the doors open.

A market's keys are stored hashed and told once, so the demo's key is kept beside the data and told again.
"""

import io
import json
from pathlib import Path
from typing import Any

from .home import Home, write_private


def prepare(file: Path, *, demo: bool) -> None:
    """Bring the database up to date; {"world", "admin_key"} goes to `file`, both null without a demo."""
    from django.core.management import call_command

    call_command("prepare")
    told: dict[str, Any] = {"world": None, "admin_key": None}
    if demo:
        said = io.StringIO()
        call_command("demo", json=True, stdout=said)
        told = _remembered({**told, **json.loads(said.getvalue())})
    write_private(file, json.dumps(told))


def _remembered(told: dict[str, Any]) -> dict[str, Any]:
    kept_in = Home().path / "demo.json"
    if told.get("admin_key"):
        write_private(kept_in, json.dumps(told))
    elif kept_in.exists():
        kept = json.loads(kept_in.read_text())
        if kept.get("world") == told.get("world"):
            return {**told, "admin_key": kept["admin_key"]}
    return told
