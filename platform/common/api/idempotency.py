"""`Idempotency-Key`: the first answer is kept in the transaction of the act; asked again, it is told again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.render import encode
from common.batch import execute, rows
from common.errors import Invalid, Refusal


class Reused(Refusal):
    status, code, title = 422, "idempotency_key_reused", "This Idempotency-Key was used for something else"


def key_of(request: Request) -> str | None:
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Invalid(
            "an Idempotency-Key has 1 to 255 visible ASCII characters",
            field="Idempotency-Key",
            rule="idempotency_key_is_short_text",
            way_out="Send a UUID.",
        )
    return key


def kept(request: Request, key: str) -> Response | None:
    """The answer given before to this key, or None. `Reused` when the request differs from that one."""
    found = rows(
        "SELECT method, path, body_hash, status, body, location FROM worlds_idempotencykey WHERE principal = %s AND key = %s",
        [principal(request), key],
    )
    if not found:
        return None
    method, path, digest, status, body, location = found[0]
    if (method, path, digest) != (request.method, request.get_full_path()[:300], _digest(request)):
        raise Reused(
            "the same key came with another request",
            field="Idempotency-Key",
            rule="one_answer_per_idempotency_key",
            way_out="Use a new key for a new request.",
        )
    response = Response(orjson.loads(bytes(body)) if body else None, status=status)
    response["Idempotency-Replayed"] = "true"
    if location:
        response["Location"] = location
    return response


def keep(request: Request, key: str, response: Response, secrets: Sequence[str]) -> None:
    """Keep the answer, without its secrets, in the act's own transaction."""
    data: Any = response.data
    if isinstance(data, bytes):
        data = orjson.loads(data)
    if secrets and isinstance(data, dict):
        data = {name: None if name in secrets else value for name, value in data.items()}
    execute(
        "INSERT INTO worlds_idempotencykey (principal, key, method, path, body_hash, status, body, location)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            principal(request),
            key,
            request.method,
            request.get_full_path()[:300],
            _digest(request),
            response.status_code,
            encode(data) if data is not None else b"",
            response.get("Location", "")[:300],
        ],
    )


def principal(request: Request) -> str:
    """The key's own name: keys are kept apart, each with its own idempotency keys."""
    user: Any = request.user
    return str(user.name)


def _digest(request: Request) -> str:
    return hashlib.sha256(encode(request.data)).hexdigest()
