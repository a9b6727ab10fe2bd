"""The OpenAPI document as tests read it."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

VERBS = ("get", "post", "put", "patch", "delete")
Operation = dict[str, Any]


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def operations(*verbs: str) -> dict[str, Operation]:
    """`get /api/clock/` -> what the document says of it."""
    return {
        f"{verb} {path}": told
        for path, item in document()["paths"].items()
        for verb, told in item.items()
        if verb in (verbs or VERBS)
    }


def writes() -> dict[str, Operation]:
    return operations("post", "put", "patch", "delete")
