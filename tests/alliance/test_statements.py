"""What each party reads of a day: the same charges from three sides, and the way down to what made them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from common.batch import one
from search.alliance.queries import statements
from tests.alliance.web import Web

FIRST, MONTH_END = date(2010, 3, 1), date(2010, 3, 31)
WHO_BOUGHT = {"order", "line", "refund", "at", "visitor", "clicked_by", "page_view_charge"}


def of(party: str, member: int | None, first: date = FIRST, last: date = MONTH_END) -> dict[str, Any]:
    return statements.statement(party, member, first, last)


def behind(party: str, member: int | None, **query: Any) -> list[dict[str, Any]]:
    return statements.charges(party, member, {"limit": 1_000, **query})


def test_what_the_seller_pays_is_what_owner_and_platform_get(web: Web) -> None:
    """A click of 50, two thousands at 2,000, two sales at 990, a third of one taken back: 5,670 to the owner."""
    web.busy()
    seller, owner, platform = of("seller", web.bob), of("owner", web.wang), of("platform", None)
    assert seller["total"]["net_fen"] == -(5_700 + 570)
    assert owner["total"]["net_fen"] == 5_700 - 570
    assert platform["total"]["net_fen"] == 2 * 570
    assert seller["total"]["net_fen"] + owner["total"]["net_fen"] + platform["total"]["net_fen"] == 0
    assert web.earned == owner["total"]["net_fen"]
    assert web.fen("platform:fees") == platform["total"]["net_fen"]


def test_a_days_lines_add_up_to_the_day_and_days_to_the_month(web: Web) -> None:
    web.busy()
    web.finished()
    month = of("seller", web.bob)
    days = [
        of("seller", web.bob, date.fromisoformat(d["day"]), date.fromisoformat(d["day"]))
        for d in month["days"]
    ]
    assert [day["total"] for day in days] == [
        {name: day[name] for name in statements.SUMS} for day in month["days"]
    ]  # fmt: skip
    assert len(days) == 2
    for name in statements.SUMS:
        assert (
            month["total"][name]
            == sum(day["total"][name] for day in days)
            == sum(x[name] for x in month["lines"])
        )


@pytest.mark.parametrize("party", ["seller", "owner", "platform"])
def test_every_line_leads_to_the_charges_it_sums(web: Web, party: str) -> None:
    web.busy()
    member = {"seller": web.bob, "owner": web.wang, "platform": None}[party]
    lines = of(party, member)["lines"]
    assert {line["kind"] for line in lines} == {"click", "thousands", "commission", "return"}
    for line in lines:
        query = {name: line[name] for name in ("space", "shop", "kind")} | {
            "day": date.fromisoformat(line["day"])
        }
        if line["contract"]:
            query["contract"] = line["contract"]
        found = behind(party, member, **query)
        assert len(found) == line["charges"]
        sign = -1 if line["kind"] == "return" else 1
        assert sign * sum(charge["earning_fen"] for charge in found) == line["earning_fen"]


def test_a_charge_leads_to_its_click_its_views_or_its_order(web: Web) -> None:
    known = web.busy()
    by_kind = {charge["kind"]: charge for charge in behind("seller", web.bob)}
    assert by_kind["click"]["click"] == known["click"]
    assert one("SELECT count(*) FROM traffic_pageview WHERE charge_id = %s",
               [by_kind["click"]["page_view_charge"]]) == 1  # fmt: skip
    assert (by_kind["thousands"]["after_view"], by_kind["thousands"]["last_view"]) == (0, 2_000)
    assert by_kind["return"]["order"] == known["returned"]


def test_the_owner_sees_amounts_and_days_and_never_who_bought(web: Web) -> None:
    web.busy()
    charges = behind("owner", web.wang)
    assert len(charges) == 5
    assert {name for charge in charges for name in WHO_BOUGHT if charge[name] is not None} == set()
    seen = statements.visits("clicks", "owner", web.wang, {"limit": 100})
    assert {(row["visitor"], row["clicked_by"]) for row in seen} == {(None, None)}
    text = str(of("owner", web.wang)) + str(charges)
    assert str(one("SELECT visitor FROM search_alliance_click LIMIT 1")) not in text


def test_the_platform_sees_who_clicked_and_a_seller_does_not(web: Web) -> None:
    web.busy()
    assert {c["clicked_by"] for c in behind("platform", None) if c["kind"] == "commission"} == {web.alice}
    assert {c["clicked_by"] for c in behind("seller", web.bob)} == {None}


def test_others_see_nothing_of_it(web: Web) -> None:
    web.busy()
    for party in ("seller", "owner"):
        assert of(party, web.carol)["lines"] == []
        assert behind(party, web.carol) == []
        assert statements.visits("views", party, web.carol, {"limit": 10}) == []
        assert statements.day_bills(party, web.carol, FIRST) == {"shops": [], "spaces": []}


def test_a_days_bill_counts_bought_sources_only(web: Web) -> None:
    """Natural visits of the same shop, the same day, are in none of its numbers."""
    web.busy()
    bills = statements.day_bills("platform", None, FIRST)
    [shop], [space] = bills["shops"], bills["spaces"]
    natural = one("SELECT count(*) FROM traffic_pageview WHERE source <> 8")
    assert natural == 1
    assert (shop["clicks"], shop["valid_clicks"], shop["paid_clicks"], shop["page_views"]) == (3, 2, 1, 2)
    assert (shop["views"], shop["billed_views"], shop["orders"]) == (2_500, 2_000, 2)
    assert (shop["clicks_fen"], shop["thousands_fen"], shop["commissions_fen"]) == (50, 4_000, 1_980)
    assert (shop["returns_fen"], shop["seller_fees_fen"], shop["owner_fees_fen"]) == (330, 570, 570)
    names = set(shop) - {"shop", "charges_at"}
    assert {name: shop[name] for name in names} == {name: space[name] for name in names}
    assert statements.day_bills("seller", web.bob, FIRST) == {"shops": [shop], "spaces": []}
    assert statements.day_bills("owner", web.wang, FIRST) == {"shops": [], "spaces": [space]}


def test_what_waits_is_told_beside_what_is_there(web: Web) -> None:
    web.busy()
    told = statements.account(web.wang)
    assert told == {"member": web.wang, "balance_fen": web.earned, "waiting_fen": 990, "waiting_count": 1}
