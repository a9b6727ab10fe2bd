"""A market as a behaviour log: whoever viewed, favourited, carted, bought, in the format that replay reads."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from common.errors import Invalid
from simulation.userbehavior import COLUMNS

# A visitor nobody knows is a user of their own, numbered above the members.
ROWS = """
    SELECT coalesce(v.member_id, 1152921504606846976 | (v.visitor & 1152921504606846975)) AS user_id, v.listing_id AS item_id,
           l.category_id, 'pv' AS behavior, extract(epoch FROM v.at)::bigint AS ts
      FROM traffic_pageview v JOIN shops_listing l ON l.id = v.listing_id
    UNION ALL
    SELECT i.member_id, i.listing_id, l.category_id, CASE i.act WHEN 'favourite' THEN 'fav' ELSE 'cart' END,
           extract(epoch FROM i.at)::bigint
      FROM traffic_interest i JOIN shops_listing l ON l.id = i.listing_id WHERE i.act IN ('favourite', 'cart')
    UNION ALL
    SELECT o.buyer_id, n.listing_id, l.category_id, 'buy', extract(epoch FROM o.paid_at)::bigint
      FROM shops_orderline n JOIN shops_order o ON o.id = n.order_id JOIN shops_listing l ON l.id = n.listing_id
     WHERE o.paid_at IS NOT NULL
"""


def export(file: Path) -> dict[str, object]:
    """Write the log of the market this connection is in; ordered by user and time, with a header line.

    One row a view, an act, or an order line paid for. Returns the file and its rows.
    """
    statement = (
        f"COPY (SELECT * FROM ({ROWS}) r ORDER BY user_id, ts, behavior DESC, item_id) TO STDOUT (FORMAT csv)"
    )
    try:
        count = _written(file, statement)
    except OSError as error:
        raise Invalid(
            f"{file} cannot be written: {error.strerror}",
            field="file",
            rule="file_is_writable",
            way_out="Choose another file.",
        ) from None
    return {"file": str(file), "rows": count}


def _written(file: Path, statement: str) -> int:
    count = 0
    with file.open("wb") as out, connection.cursor() as cursor:
        out.write((",".join(COLUMNS) + "\n").encode())
        with cursor.copy(statement) as rows:
            for block in rows:
                out.write(block)
                count += bytes(block).count(b"\n")
    return count
