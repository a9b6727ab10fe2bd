"""A village is Taobao's by what its households sold in a year, to the fen; a town by its villages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from common.batch import dicts, insert
from common.errors import NotFound
from common.moments import moment
from regime.actions import change
from regime.levers import Villages
from regime.shipped import shipped
from shops.actions.shops import close
from simulation.models import SELLER, Agent, Population
from simulation.scenario import document, scenario
from simulation.villages import picture
from simulation.villages.diffusion import diffusion, filled
from simulation.villages.recognition import recognise
from simulation.villages.rules import FARM, Figures, Place, farm_subsections, judge
from tests.shops.stalls import joined, listed, opened
from tests.shops.trades import Trades
from worlds.clock import Entry

RULES: Villages = shipped("thesis-2010").regime.villages
TEN_MILLION = 1_000_000_000
SHAJI = 320324109


def verdicts(figures: list[Figures], year: int, households: int = 5_000) -> list[bool]:
    """Of villages of one town with these figures: each, then the town."""
    places = [Place(str(n), SHAJI, households) for n in range(len(figures))]
    return [one.met for one in judge(places, {str(n): f for n, f in enumerate(figures)}, RULES, year)]


@pytest.mark.parametrize(
    ("sales", "farm", "shops", "households", "year", "met"),
    [
        (TEN_MILLION - 1, 0, 100, 5_000, 2013, False),
        (TEN_MILLION, 0, 100, 5_000, 2013, True),
        (TEN_MILLION, 0, 99, 5_000, 2013, False),
        (TEN_MILLION, 0, 99, 990, 2013, True),  # a tenth of the households
        (TEN_MILLION, 0, 99, 991, 2013, False),
        (TEN_MILLION, 0, 0, 5_000, 2013, False),
        (TEN_MILLION // 2, TEN_MILLION // 2, 100, 5_000, 2019, False),
        (TEN_MILLION // 2, TEN_MILLION // 2, 100, 5_000, 2020, True),  # farm products count double
        (TEN_MILLION // 2, TEN_MILLION // 2 - 1, 100, 5_000, 2020, False),
        (TEN_MILLION - 1, 0, 100, 5_000, 2020, False),
    ],
)
def test_a_village_is_recognised_at_the_published_bounds(sales, farm, shops, households, year, met):
    assert verdicts([Figures(sales, farm, shops)], year, households)[0] is met


def test_three_villages_make_a_town_and_from_2019_sales_and_shops_alone():
    village, hamlet = Figures(TEN_MILLION, 0, 100), Figures(TEN_MILLION, 0, 50)
    assert verdicts([village, village, hamlet], 2018)[-1] is False
    assert verdicts([village, village, village], 2018)[-1] is True
    scattered = [Figures(TEN_MILLION // 2, 0, 50)] * 6
    assert not any(verdicts(scattered, 2018))
    assert verdicts(scattered, 2019) == [False] * 6 + [True]
    assert verdicts([*scattered[1:], Figures(TEN_MILLION // 2 - 1, 0, 50)], 2019)[-1] is False
    assert verdicts([*scattered[1:], Figures(TEN_MILLION // 2, 0, 49)], 2019)[-1] is False
    assert len(farm_subsections()) == len(FARM)


def test_the_year_is_judged_on_the_first_of_january():
    yearly = Entry("villages", "year", "nowhere")
    new_year = moment("2011-01-01T00:00:00+08:00")
    assert yearly.after(moment("2010-03-01T12:00:00+08:00")) == new_year
    assert yearly.after(new_year - timedelta(microseconds=1)) == new_year
    assert yearly.after(new_year) == moment("2012-01-01T00:00:00+08:00")


def test_a_village_is_judged_by_what_its_own_households_sold_from_home(market: Any):
    tea = farm_subsections()[2] * 100 + 1
    street = Trades(region=SHAJI)
    [dora] = joined("dora")
    away = opened(dora, "远方的店")  # of the village, but sends from elsewhere
    for n, (member, shop) in enumerate([(street.bob, street.shop), (dora, away)]):
        insert(
            Agent,
            [{"kind": SELLER, "number": n, "member_id": member, "shop_id": shop, "strategy": "imitator",
              "village": "dongfeng", "seat": "bot", "entered_at": market.at, "left_at": None}],
        )  # fmt: skip
    recognise(at=market.at)  # nobody lives by a scenario yet
    insert(
        Population,
        [{"scenario": "dongfeng_furniture", "document": document(scenario("dongfeng_furniture")),
          "seed": 7, "tick_hours": 24, "started_at": market.at, "next_tick_at": None}],
    )  # fmt: skip
    street.finished()
    street.finished((listed(street.shop, "明前龙井茶", category_id=tea, price_fen=5_000), 1))
    street.shipped()  # on its way: not sold yet
    penny = listed(street.shop, "样品", price_fen=100)
    for _ in range(8):  # with the others more than one for each month it has been open
        street.paid((penny, 1))
    levers = {
        "villages.sales_least_fen": 19_900,
        "villages.households_least_bps": 1,
        "villages.active_months": 12,
        "villages.farm_weight_from_year": market.at.year,
    }
    with market.writing() as now:
        change(levers, at=now.at, by=None, why="a village of one shop")
    new_year = moment(f"{market.at.year + 1}-01-01T00:00:00+08:00")
    recognise(at=new_year)
    said = dicts("SELECT kind, code, name, figures::json, met FROM simulation_recognition ORDER BY id")
    figures = {
        "sales_fen": 14_900,
        "counted_fen": 19_900,
        "active_shops": 1,
        "households": 1_180,
        "villages": 0,
    }
    assert said == [
        {"kind": "village", "code": SHAJI, "name": "dongfeng", "figures": figures, "met": True},
        {"kind": "town", "code": SHAJI, "name": "", "figures": {**figures, "villages": 1}, "met": False},
    ]
    told = diffusion("dongfeng")
    assert told["months"] == [{"month": f"{market.at:%Y-%m}", "came": 2, "gone": 0, "shops": 2}]
    with market.writing() as now:
        close([away], by=dora, at=now.at)  # a person in its keeper's seat
    [month] = diffusion("dongfeng")["months"]
    assert (month["came"], month["gone"], month["shops"]) == (2, 1, 1), "closed, though nobody gave up"
    here = next(row for row in told["years"] if row["year"] == market.at.year)
    assert (here["villages"], here["towns"], here["country_villages"]) == (1, 0, None)
    assert (told["years"][0]["country_villages"], told["years"][-1]["country_villages"]) == (3, 7_780)
    recognise(at=moment(f"{market.at.year + 2}-01-01T00:00:00+08:00"))  # nothing more was sold
    later = next(row for row in diffusion()["years"] if row["year"] == market.at.year + 1)
    assert (later["villages"], later["towns"]) == (0, 0), (
        "judged, and none was one: not the same as not judged"
    )
    assert {fact["what"] for fact in told["facts"]} == {"shops", "households", "sales_fen"}
    assert diffusion()["village"] == "dongfeng", "the only one there is"
    with pytest.raises(NotFound, match="no village called upper; villages with shops here: dongfeng"):
        diffusion("upper")


def test_the_curve_is_drawn_month_by_month_beside_what_is_known() -> None:
    moved = [
        {"month": "2007-01", "came": 1, "gone": 0, "shops": 1},
        {"month": "2007-11", "came": 2, "gone": 1, "shops": 2},
        {"month": "2008-02", "came": 1, "gone": 0, "shops": 3},
    ]
    months = filled(moved, "2008-03")
    assert len(months) == 15
    assert months[9] == {"month": "2007-10", "shops": 1, "ever": 1}
    assert months[-1] == {"month": "2008-03", "shops": 3, "ever": 4}
    assert filled([], "2008-03") == []
    known = [{"year": 2008, "what": "shops", "least": 8, "told_by": "somebody"}]
    years = [{"year": 2009, "villages": 0, "towns": 0, "country_villages": 3, "country_towns": None}]
    told = {
        "village": "upper",
        "now": "2008-03-31T00:00:00+08:00",
        "months": moved,
        "years": years,
        "facts": known,
    }
    drawing = ElementTree.fromstring(picture.drawn(told))
    circles = drawing.findall("{http://www.w3.org/2000/svg}circle")
    x, y, width, _ = picture.LEFT
    [known_at] = circles
    assert float(known_at.get("cx", 0)) == pytest.approx(x + width * 12 / 14, abs=0.1), "January 2008"
    assert float(known_at.get("cy", 0)) == y, "at the height of eight shops, the most there were"
    assert "ever opened" in "".join(drawing.itertext())
    assert "China" not in picture.drawn({**told, "years": [], "months": []})
