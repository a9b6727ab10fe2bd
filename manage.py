#!/usr/bin/env python3
"""Django's door: `python manage.py COMMAND`. Puts platform/ on the path; ./jishi does the same and more."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    # `platform/` is a source root, never a package: the standard library's module of that name must win.
    sys.path[1:1] = [str(ROOT / "platform")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jishi.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Use .venv/bin/python manage.py, made by ./jishi up.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
