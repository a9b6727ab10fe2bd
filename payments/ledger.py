"""Postings."""


def drift() -> list[dict[str, object]]:
    return []
