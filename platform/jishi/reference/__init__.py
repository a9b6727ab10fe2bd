"""Pages of docs/reference made from the code: `python -m jishi.reference` writes them, a test compares.

(With `PYTHONPATH=.:platform DJANGO_SETTINGS_MODULE=jishi.settings`, as `./jishi` sets them.)
Each module has PAGE, the file's name, and page(), its text. `regime.md` and `states.md` are made by their own
apps (`python -m regime.reference`, `python -m shops.rules.diagram`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"
MODULES = ("api", "cli", "events", "time")


def made(name: str) -> tuple[str, str]:
    """The page that module `name` of this folder makes: its file's name and its text."""
    module = import_module(f"jishi.reference.{name}")
    return module.PAGE, module.page()
