"""`manage.py prepare`: public tables, template, blank markets kept ready, existing markets migrated."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from worlds import schemas


class Command(BaseCommand):
    help = "Bring the database up to date: public tables, template, blank worlds, existing worlds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ready", type=int, default=1, help="how many blank worlds to have ready")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(schemas.prepare(options["ready"])))
