"""Money as a test speaks of it, in fen: `till.member("ann", 100)`, `till.hold("o:1", "ann", "bob", 60)`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.batch import one
from members.actions import Registration, register
from payments import escrow, ledger, queries
from payments.ledger import Posting, TopUp
from tests.market import Market

SUZHOU = 320500


class Till:
    """Verbs on the market's money, each in its own writing transaction."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.members: dict[str, int] = {}

    @property
    def at(self) -> datetime:
        return self.market.at

    def member(self, nick: str, fen: int = 0) -> int:
        with self.market.writing() as moment:
            [member] = register([Registration(nick, SUZHOU)], at=moment.at)
            self.members[nick] = member
            if fen:
                ledger.top_up([TopUp(member, fen)], at=moment.at)
        return member

    def code(self, nick: str) -> str:
        return f"member:{self.members[nick]}"

    def balance(self, nick: str) -> int:
        return queries.balance(self.members[nick])

    def post(self, *postings: Posting) -> list[int]:
        with self.market.writing() as moment:
            return ledger.post(postings, at=moment.at)

    def pay(self, giver: str, taker: str, fen: int, key: str = "") -> Posting:
        """A posting between two members."""
        return Posting(self.code(giver), self.code(taker), fen, "seller_compensation", "test", key)

    def hold(self, reference: str, payer: str, payee: str, fen: int) -> list[int]:
        with self.market.writing() as moment:
            return escrow.hold(
                [escrow.Hold(reference, self.members[payer], self.members[payee], fen)], at=moment.at
            )

    def refund(self, reference: str, fen: int) -> list[int]:
        with self.market.writing() as moment:
            return escrow.refund([escrow.Refund(reference, fen)], at=moment.at)

    def act(self, verb: str, *references: str, **more: Any) -> list[int]:
        """release, freeze or unfreeze."""
        with self.market.writing() as moment:
            done: list[int] = getattr(escrow, verb)(references, at=moment.at, **more)
            return done

    def count(self, table: str) -> int:
        found: int = one(f"SELECT count(*) FROM {table}")
        return found
