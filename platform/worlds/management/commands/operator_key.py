"""`manage.py operator_key`: a new key to the platform; the one before it opens nothing any more."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models.functions import Now

from worlds.actions import issue_key
from worlds.current import point
from worlds.models import ApiKey


class Command(BaseCommand):
    help = "Make the operator's key anew and print it, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        point(None)
        with transaction.atomic():
            ApiKey.objects.filter(scope="operator", revoked_at__isnull=True).update(revoked_at=Now())
            key = issue_key(None, scope="operator", label="the operator's")
        self.stdout.write(json.dumps({"operator_key": key}) if options["json"] else key)
