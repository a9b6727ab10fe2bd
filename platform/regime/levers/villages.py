"""When a village counts as a Taobao Village and a town as a Taobao Town: recognised for each year on 1 January."""

# fmt: off
from dataclasses import dataclass

from .kinds import whole


@dataclass(frozen=True, slots=True)
class Villages:
    """Sales and shops of a village's households in a year, and of all villages of a town."""

    sales_least_fen: int = whole("fen", 0, 100_000_000_000_000, "a village: online sales of the year")
    shops_least_count: int = whole("shops", 1, 100_000, "a village: active shops, or instead")
    households_least_bps: int = whole("bps", 1, 10_000, "a village: active shops over its households")
    active_open_days: int = whole("days", 0, 365, "a shop is active when it has been open for this long, and has")
    active_orders_count: int = whole("orders a month", 0, 1_000, "this many paid orders, on average over")
    active_months: int = whole("months", 1, 12, "the year's last months, or as many as it has been open")
    farm_weight_bps: int = whole("bps", 10_000, 100_000, "what a yuan of farm products counts")
    farm_weight_from_year: int = whole("year", 1999, 2_200, "... from this year on; before, a yuan is a yuan")
    town_villages_least_count: int = whole("villages", 1, 1_000, "a town: recognised villages")
    town_sales_least_fen: int = whole("fen", 0, 100_000_000_000_000, "a town without them: online sales, and")
    town_shops_least_count: int = whole("shops", 1, 1_000_000, "a town without them: active shops")
    town_sales_from_year: int = whole("year", 1999, 2_200, "from which year on such a town counts")
