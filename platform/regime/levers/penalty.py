"""The penalty registers, and the four published tables against fake trades."""

# fmt: off
from dataclasses import dataclass

from .kinds import flag, table, whole, wholes, word

FAKE_TRADE_ERAS = ("2010", "2011", "2013", "2019")


@dataclass(frozen=True, slots=True)
class Sanction:
    """At `points` in a register the shop suffers `effect` for `days` (0: for good)."""

    points: int = whole("points", 1, 1_000, "reached in the register")
    days: int = whole("days", 0, 3_650, "how long; 0 is for good")
    effect: str = word("shop_hidden", "all_delisted", "shop_closed", "account_sealed", means="what happens")


@dataclass(frozen=True, slots=True)
class FakeTradeRule:
    """One row of a table against fake trades; the first row whose every column fits decides.

    `severity` is the investigator's finding (0: the row does not ask). 0 in another column asks nothing.
    """

    aim: str = word("any", "credit", "sales", means="what the fake trades were for")
    offence_from: int = whole("times", 1, 100, "from this offence of the account on")
    severity: int = whole("level", 0, 4, "the investigator's finding, 1 light to 4 worst; 0 is any")
    share_from_bps: int = whole("bps", 0, 10_000, "fake credit is at least this share of the account's")
    trades_from_count: int = whole("trades", 0, 1_000_000, "at least this many fake trades")
    register: str = word("general", "serious", means="where the points are written")
    points: int = whole("points", 0, 1_000, "points written; 0 is corrected only")


@dataclass(frozen=True, slots=True)
class Penalty:
    """Points, what they bring, when they clear. General is register A, serious is B, counterfeit is C."""

    general_every_points: int = whole("points", 1, 1_000, "each time A passes a multiple of this")
    general_hidden_days: int = whole("days", 0, 3_650, "the shop is hidden and may not publish")
    serious_sanctions: tuple[Sanction, ...] = table(Sanction, (1, 10), "what B brings at which points")
    counterfeit_points: tuple[int, ...] = wholes("points", 1, 1_000, (3, 3), "C if light, grave, worst")
    general_clears_at_year_end: bool = flag("A goes back to 0 at the year's end")
    serious_keeps_from_points: int = whole("points", 1, 1_000, "B at or above this keeps A and B")
    counterfeit_keeps_from_points: int = whole("points", 1, 1_000, "C below this clears at the year's end")
    counterfeit_carried_points: int = whole("points", 0, 1_000, "C kept, below the worst, becomes this")
    misdescription_points: int = whole("points", 0, 1_000, "goods not as described")
    late_shipping_points: int = whole("points", 0, 1_000, "shipped late")
    broken_promise_least_points: int = whole("points", 0, 1_000, "a promise broken, mildest")
    broken_promise_most_points: int = whole("points", 0, 1_000, "a promise broken, worst")
    harassment_points: int = whole("points", 0, 1_000, "harassing the other side")
    leak_points: int = whole("points", 0, 1_000, "leaking a member's data")
    account_theft_points: int = whole("points", 0, 1_000, "taking over an account")
    fake_trade_era: str = word(*FAKE_TRADE_ERAS, means="which of the four tables is in force")
    fake_trades_2010: tuple[FakeTradeRule, ...] = table(FakeTradeRule, (1, 12), "the table of about 2010")
    fake_trades_2011: tuple[FakeTradeRule, ...] = table(FakeTradeRule, (1, 12), "the table of 2011 to 2012")
    fake_trades_2013: tuple[FakeTradeRule, ...] = table(FakeTradeRule, (1, 12), "the table of 2013 to 2018")
    fake_trades_2019: tuple[FakeTradeRule, ...] = table(FakeTradeRule, (1, 12), "the table since 2019")
    fake_gains_deleted: bool = flag("credit and sales gained by fake trades are deleted")
    fake_item_demoted_days: int = whole("days", 0, 3_650, "a suspected item is demoted in search")
    appeal_limit_count: int = whole("times", 0, 10, "how often one sanction may be appealed")
    appeal_restores_in_full: bool = flag("an appeal won gives back points, rank and money")

    @property
    def fake_trades(self) -> tuple[FakeTradeRule, ...]:
        """The table against fake trades that is in force."""
        rules: tuple[FakeTradeRule, ...] = getattr(self, f"fake_trades_{self.fake_trade_era}")
        return rules
