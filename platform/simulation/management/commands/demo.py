"""`manage.py demo`: the demo market, made when it is not there."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from simulation.demo import demo


class Command(BaseCommand):
    help = "Make the demo market (a quiet street, two weeks old) when there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer with one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        world, key = demo()
        if options["json"]:
            self.stdout.write(json.dumps({"world": world.name, "admin_key": key}))
        else:
            self.stdout.write(f"{world.name}{f' {key}' if key else ''}")
