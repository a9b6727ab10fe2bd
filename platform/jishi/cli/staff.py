"""staff: somebody who may sign in where pages ask for it."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from jishi.cli.speak import Json, answer
from jishi.cli.worlds import within


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi staff teacher")(staff)


def staff(
    name: Annotated[str, typer.Argument(help="Whom to let in; somebody who is there gets a new password.")],
    json: Json = False,
) -> None:
    """Let somebody sign in at /admin/ (every table, to be read), and print their password, this once."""

    def work() -> str:
        from django.contrib.auth.models import User
        from django.core.exceptions import ValidationError

        from common.errors import Invalid

        password = secrets.token_urlsafe(12)
        user = User.objects.filter(username=name).first() or User(username=name)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        try:
            user.full_clean()
        except ValidationError as wrong:
            raise Invalid(" ".join(wrong.messages), field="name", rule="name_of_staff") from None
        user.save()
        return password

    password = within(None, work)
    answer(
        {"name": name, "password": password},
        f"{name} signs in at /admin/ with the password {password}, shown this once.",
        as_json=json,
    )
