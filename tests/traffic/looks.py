"""Views and days as the tests of traffic speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from common.batch import dicts
from common.moments import EPOCH
from traffic.actions import NONE, Views, microseconds

FIELDS = ("at", "visitor", "member", "page", "source", "shop", "listing", "section", "stay", "charge")
COLUMN = {"member": "member_id", "shop": "shop_id", "listing": "listing_id", "section": "section_id",
          "stay": "stay_seconds", "charge": "charge_id"}  # fmt: skip


def views(rows: Sequence[dict[str, Any]]) -> Views:
    """Columns of rows; a field left out or None is absent; `at` may be a datetime."""
    columns = {}
    for field in FIELDS:
        values = [row.get(field) for row in rows]
        columns[field] = np.array(
            [NONE if v is None else microseconds(v) if isinstance(v, datetime) else v for v in values],
            dtype=np.int64,
        )
    return Views(**columns)


def view(at: datetime, visitor: int = 1, listing: int | None = None, **more: Any) -> dict[str, Any]:
    """A view of a listing, or (`listing` None) of another page."""
    return {
        "at": at,
        "visitor": visitor,
        "listing": listing,
        "page": 5 if listing else 7,
        "source": 2,
        **more,
    }


def seen() -> list[dict[str, Any]]:
    """The page views as they lie, named as in `Views`, absent fields None."""
    named = ", ".join(f"{COLUMN.get(field, field)} AS {field}" for field in FIELDS)
    return dicts(f"SELECT {named} FROM traffic_pageview ORDER BY id")


def moment(micro: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(micro))
