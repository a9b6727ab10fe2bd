"""What may be said, and when a member counts as online."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.errors import Invalid
from shops.rules.shop import unprintable

MESSAGE_CHARACTERS = 2_000
LABEL_CHARACTERS = 30


def pair(one: int, other: int) -> tuple[int, int]:
    """Two members as their conversation is filed: the lower number first."""
    return (one, other) if one < other else (other, one)


def online_until(at: datetime, minutes: int) -> datetime:
    """Until when a sign of life at `at` lasts; `minutes` is the lever `talk.online_minutes`."""
    return at + timedelta(minutes=minutes)


def text_fault(text: str) -> Invalid | None:
    """A message says something, in at most 2,000 characters."""
    if not text.strip() or len(text) > MESSAGE_CHARACTERS:
        words, rule = f"a message has 1 to {MESSAGE_CHARACTERS} characters", "message_length"
    elif unprintable(text):
        words, rule = "a message holds a control character", "message_is_printable"
    else:
        return None
    return Invalid(words, field="text", rule=rule, way_out="Send it in parts, as plain text.")


def label_fault(label: str) -> Invalid | None:
    """A contact's label is one short line, or empty."""
    if len(label) <= LABEL_CHARACTERS and (not label or label.isprintable()):
        return None
    return Invalid(
        f"a label has at most {LABEL_CHARACTERS} printable characters",
        field="label",
        rule="label_length",
        way_out="Shorten it.",
    )
