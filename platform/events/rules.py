"""How events go out: signature, patience, names. Pure functions and tables."""

from __future__ import annotations

import hashlib
import hmac
import re

from common.errors import Invalid, register_constraints

NAME = re.compile(r"[a-z_]+\.(?:[a-z_]+|\*)")
URL = re.compile(r"https?://[!-.0-~][!-~]*")  # printable ASCII without a space; a host before the first slash
TIMEOUT_SECONDS = 5.0
# Real seconds before each further try; after the last one the delivery is dead until somebody replays it.
BACKOFF_SECONDS = (1, 2, 4, 8, 15, 30, 60, 120, 300, 600, 1800, 3600)
DELIVERIES_A_BELL = 200
CLAIM_SECONDS = 30  # a claimed delivery whose worker died is tried again after this
DELIVERIES_A_CLAIM = 5  # as many as are surely sent, or given up, before the claim ends
URL_MOST = 500

register_constraints(
    {
        "a_webhook_has_an_http_address": (
            Invalid,
            "a webhook's address begins with http:// or https://",
            "url",
            "Send http://127.0.0.1:9000/hook.",
        )
    }
)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 under the webhook's secret over `<t>.<body>`.

    Whoever receives it computes the same over the raw body, compares in constant time, and refuses a `t`
    that is minutes old.
    """
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def check_names(names: list[str]) -> None:
    """Raise `Invalid` unless each name is an event's (`order.paid`) or a kind of them (`order.*`)."""
    for name in names:
        if not NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} is no event's name",
                field="names",
                rule="event_name_is_kind_and_past_tense",
                way_out="Write order.paid, or order.* for all of a kind; leave it empty for every event.",
            )


def check_url(url: str) -> None:
    """Raise `Invalid` unless `url` is an http or https address with a host."""
    if len(url) > URL_MOST or not URL.fullmatch(url):
        raise Invalid(
            "a webhook's address begins with http:// or https://",
            field="url",
            rule="a_webhook_has_an_http_address",
            way_out="Send http://127.0.0.1:9000/hook.",
        )


def wants(names: list[str], name: str) -> bool:
    """Is an event of this name among those asked for? No names: every one is."""
    return not names or name in names or f"{name.partition('.')[0]}.*" in names


def wait_after(attempts: int) -> int | None:
    """Seconds to wait after the attempt of that number (from 1); None: give up."""
    return BACKOFF_SECONDS[attempts - 1] if attempts <= len(BACKOFF_SECONDS) else None
