"""The trade's clocks: paying, shipping, confirming, refunding, disputing; and what a seller promises."""

# fmt: off
from dataclasses import dataclass
from datetime import timedelta

from .kinds import flag, whole, wholes, word

AUTO, VIRTUAL, EXPRESS, SURFACE = "auto", "virtual", "express", "surface"


@dataclass(frozen=True, slots=True)
class Trade:
    """From the order to the confirmed receipt."""

    unpaid_close_hours: int = whole("hours", 1, 720, "an unpaid order closes after this")
    flash_unpaid_close_minutes: int = whole("minutes", 1, 1_440, "an unpaid flash order closes after this")
    ship_by_hours: int = whole("hours", 1, 2_160, "a paid order must be shipped within this")
    late_compensation_bps: int = whole("bps", 0, 10_000, "share of the price a late shipper owes the buyer")
    late_compensation_most_fen: int = whole("fen", 0, 100_000_000, "the most owed for one late order")
    auto_confirm_auto_hours: int = whole("hours", 1, 720, "sent by machine: taken as received")
    auto_confirm_virtual_days: int = whole("days", 1, 90, "virtual goods: taken as received")
    auto_confirm_express_days: int = whole("days", 1, 90, "sent by express: taken as received")
    auto_confirm_surface_days: int = whole("days", 1, 180, "sent by surface mail: taken as received")
    refund_pauses_confirm: bool = flag("an open refund request stops the confirm clock until it closes")
    after_sale_days: int = whole("days", 0, 365, "the trade succeeded: money may be asked back within this")
    seller_extension_days: tuple[int, ...] = wholes(
        "days", 1, 90, (1, 10), "how many days the seller may add to the confirm clock")
    seller_extension_limit_count: int = whole("times", 0, 100, "how often the seller may; 0 is without limit")
    buyer_extension_days: int = whole("days", 0, 90, "how many days the buyer may add")
    buyer_extension_limit_count: int = whole("times", 0, 100, "how often the buyer may; 0 is without limit")
    buyer_extension_last_days: int = whole("days", 1, 90, "only when the clock has no more than this left")

    def auto_confirm(self, delivery: str) -> timedelta:
        """How long after shipping goods count as received; `delivery` is auto, virtual, express, surface."""
        return {
            AUTO: timedelta(hours=self.auto_confirm_auto_hours),
            VIRTUAL: timedelta(days=self.auto_confirm_virtual_days),
            EXPRESS: timedelta(days=self.auto_confirm_express_days),
            SURFACE: timedelta(days=self.auto_confirm_surface_days),
        }[delivery]


@dataclass(frozen=True, slots=True)
class Refund:
    """Who must answer a refund request by when, and what silence means."""

    before_shipping_hours: int = whole("hours", 1, 720, "not shipped: the seller answers, else refunded")
    shipping_closes_request: bool = flag("shipping closes a request made before it")
    after_shipping_days: int = whole("days", 1, 90, "shipped: the seller answers, else agreed")
    virtual_days: int = whole("days", 1, 90, "virtual goods: the seller answers, else agreed")
    send_back_days: int = whole("days", 1, 90, "the buyer sends the goods back, else closed")
    return_express_days: int = whole("days", 1, 180, "back by express: the seller confirms, else refunded")
    return_surface_days: int = whole("days", 1, 180, "back by mail: the seller confirms, else refunded")
    refused_idle_days: int = whole("days", 1, 90, "refused and the buyer does nothing: closed")
    no_reason_hours: int = whole("hours", 0, 8_760, "the buyer may return without a reason within this")
    no_reason_from: str = word("midnight_after_signing", "signing", means="when those hours begin")
    no_reason_buyer_pays: str = word(
        "return_only", "both_ways", "nothing", means="no reason, free-postage item: what the buyer pays")
    fault_postage_paid_by: str = word("seller", "buyer", means="quality fault: who pays the postage")


@dataclass(frozen=True, slots=True)
class Dispute:
    """After a refusal, xiao er hears both sides and rules."""

    evidence_days: int = whole("days", 1, 90, "both sides bring evidence within this")
    seller_reply_hours: int = whole("hours", 1, 720, "the seller replies to the claim within this")
    ruling_working_days: int = whole("working days", 1, 90, "the ruling comes within this")
    chat_is_evidence: bool = flag("the platform may open the pair's chat archive")


@dataclass(frozen=True, slots=True)
class Deal:
    """The page a seller makes for one buyer after bargaining."""

    expiry_days: int = whole("days", 1, 90, "the page lapses after this unless it says otherwise")


@dataclass(frozen=True, slots=True)
class Protection:
    """The Consumer Protection Scheme: promises a shop makes and backs with a deposit."""

    deposit_fen: int = whole("fen", 0, 1_000_000_000, "what a shop deposits to join")
    compensation_first: bool = flag("compensation is paid at once out of the deposit")
    ship_by_hours: int = whole("hours", 1, 720, "its shops ship within this")
    free_repair_days: int = whole("days", 0, 365, "its shops repair free of charge within this")


@dataclass(frozen=True, slots=True)
class Listing:
    """How long an offer's title may be, and how long it stands before it is listed again."""

    cycle_days: int = whole("days", 1, 90, "an offer is relisted this long after it was listed")
    title_bytes: int = whole("bytes", 10, 120, "the longest title, in GBK: a Chinese character is two")


@dataclass(frozen=True, slots=True)
class Talk:
    """Wangwang, in which buyers ask and bargain."""

    online_minutes: int = whole("minutes", 1, 1_440, "a member counts as online this long after a sign")
