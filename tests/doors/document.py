"""The OpenAPI document as tests read it."""

from __future__ import annotations

from typing import Any

from common.api.schema import document

VERBS = ("get", "post", "put", "patch", "delete")
Operation = dict[str, Any]


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
