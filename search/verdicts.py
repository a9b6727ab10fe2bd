"""What a click or a view on something bought is found to be; each room has its own table of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """`source`: where the page view it brought counts as coming from.

    Only what counts buys a visit. Anything else opens the page all the same, and nothing was bought: who comes again
    is a repeat, anybody else came by themselves.
    """

    name: str
    source: str
    words: str
