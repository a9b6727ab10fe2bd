"""python -m jishi.servers.prepare [--demo] FILE: tables, template and demo in one Django process.

Writes {"world", "admin_key"} to FILE; both are null without a demo. A market's keys are stored hashed and
told once, so the demo's key is kept beside the data and told again.
"""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from .home import Home, write_private

SETTINGS = "jishi.settings"


def main(arguments: list[str]) -> None:
    demo, file = "--demo" in arguments, Path(arguments[-1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("prepare")
    told: dict[str, Any] = {"world": None, "admin_key": None}
    if demo:
        said = io.StringIO()
        call_command("demo", json=True, stdout=said)
        told.update(json.loads(said.getvalue()))
        told = _remembered(told)
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


if __name__ == "__main__":
    main(sys.argv[1:])
