"""A scenario is read as it stands, or refused in words that name the entry; nothing is guessed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from common.errors import Invalid, NotFound
from simulation.scenario import (
    about,
    changed,
    document,
    factors,
    find,
    from_document,
    names,
    read,
    read_file,
    scenario,
)
from simulation.scenario.agreeing import WAYS
from simulation.scenario.kinds import Kind, kinds
from simulation.scenario.shapes import Ads, Behaviour, Change, Crowd, Row, Scenario, Season, Village
from simulation.scenario.strategies import STRATEGIES, settings_of

MEANT = {
    #                     start         days  tick  buyers  open  may follow
    "brushing_season": ("2010-09-01", 60, 3, 2_000, 109, 0),
    "class_of_40": ("2010-03-01", 30, 8, 2_000, 540, 0),
    "daji_costumes": ("2011-03-01", 153, 6, 3_000, 69, 480),
    "dongfeng_furniture": ("2007-01-01", 1_095, 24, 6_000, 1, 1_179),
    "double_eleven": ("2014-11-01", 25, 1, 3_000, 200, 0),
    "measured_sample": ("2017-11-25", 9, 1, 814, 300, 0),
    "measured_shops": ("2017-11-25", 45, 6, 4_000, 160, 0),
    "metropolis": ("2010-03-01", 7, 3, 100_000, 10_000, 0),
    "quiet_street": ("2010-03-01", 14, 3, 200, 30, 0),
    "yiwu_commodities": ("2009-03-01", 90, 3, 3_000, 150, 400),
}
HOLDERS = {
    "buyers": Crowd,
    "shops": Row,
    "villages": Village,
    "seasons": Season,
    "ads": Ads,
    "behaviour": Behaviour,
}


@pytest.mark.parametrize("name", MEANT)
def test_a_shipped_scenario_is_what_it_promises_and_survives_being_written_down(name):
    plan = scenario(name)
    counts = [sum(row.count for row in plan.shops if row.enters == way) for way in ("start", "imitation")]
    assert (str(plan.start.date()), plan.days, plan.tick_hours, plan.buyers.count, *counts) == MEANT[name]
    assert from_document(orjson.loads(orjson.dumps(document(plan)))) == plan


def test_the_shipped_scenarios_hold_between_them_all_that_was_promised():
    assert names() == sorted(MEANT)
    assert {row.strategy for row in scenario("class_of_40").shops} == set(STRATEGIES)
    assert sum(row.count for row in scenario("class_of_40").shops if row.seats) == 40
    means = {row.settings["means"] for row in scenario("brushing_season").shops if row.strategy == "brusher"}
    assert means == {"alone", "ring", "crowd"}
    [dongfeng] = scenario("dongfeng_furniture").villages
    assert (dongfeng.code, dongfeng.county, dongfeng.first_shops) == (320324109, 320324, 1)
    assert {v.code for v in scenario("daji_costumes").villages} == {371721121}
    assert about(scenario("dongfeng_furniture").buyers, 366) == pytest.approx(0.21, rel=0.01)
    with pytest.raises(NotFound) as refused:
        scenario("quiet_streat")
    assert "quiet_street" in refused.value.way_out


def test_a_peak_climbs_and_falls_and_only_for_its_trade():
    june = scenario("daji_costumes").seasons
    assert factors(june, ("stage-costumes",), date(2011, 5, 20)) == (4.0, 6.0)
    assert factors(june, ("stage-costumes",), date(2011, 4, 27)) == pytest.approx((2.5, 3.5))
    assert factors(june, ("stage-costumes",), date(2011, 6, 1)) == (1.0, 1.0)
    assert factors(june, ("girls-dresses", "childrens-fashion"), date(2011, 5, 20)) == (1.0, 1.0)
    eleven = scenario("double_eleven").seasons
    assert [factors(eleven, ("toys",), date(2014, 11, day))[1] for day in (9, 10, 11, 12)] == [
        1,
        0.93,
        4.3,
        1,
    ]
    moving = scenario("dongfeng_furniture").seasons
    assert factors(moving, ("self-assembly", "furniture-and-home"), date(2008, 2, 9)) == (0.7, 0.7)


def test_a_teachers_own_file_is_found_by_its_path(tmp_path: Path):
    file = tmp_path / "my_street.toml"
    shipped = Path(read_file.__code__.co_filename).parents[1] / "scenarios" / "quiet_street.toml"
    file.write_text(shipped.read_text() + "\n[behaviour]\nbuy_share = 0.05\n")
    mine = find(str(file))
    assert (mine.name, mine.behaviour.buy_share, mine.behaviour.cart_share) == ("my_street", 0.05, 0.059)
    assert find("quiet_street").behaviour.buy_share == 0.0231
    with pytest.raises(NotFound):
        find(str(tmp_path / "nobody.toml"))
    with pytest.raises(Invalid) as refused:
        read("title = ")
    assert refused.value.rule == "file_is_toml"


@pytest.mark.parametrize("wrong", ["days = " + "[" * 9_999, "days = " + "1" * 9_999])
def test_what_python_cannot_read_is_refused_in_words(wrong):
    with pytest.raises(Invalid) as refused:
        read(wrong)
    assert (refused.value.rule, bool(refused.value.way_out)) == ("file_is_toml", True)


def test_a_file_from_a_windows_editor_reads_as_any_other(tmp_path: Path):
    shipped = Path(read_file.__code__.co_filename).parents[1] / "scenarios" / "quiet_street.toml"
    file = tmp_path / "quiet_street.toml"
    file.write_bytes(b"\xef\xbb\xbf" + shipped.read_bytes().replace(b"\n", b"\r\n"))
    assert find(file) == find("quiet_street")
    long = tmp_path / f"{'a' * 41}.toml"
    long.write_bytes(shipped.read_bytes())
    with pytest.raises(Invalid) as refused:
        find(long)
    assert (refused.value.rule, bool(refused.value.way_out)) == ("scenario_has_a_name", True)


def test_no_brusher_asks_for_more_fakes_than_can_be_drawn_in_a_tick():
    assert settings_of("brusher")["fakes_a_day"].most <= 600, (
        "`random.poissons` draws no more, and a tick may be a day"
    )


def test_a_row_is_set_anew_by_a_table_and_nothing_else():
    with pytest.raises(Invalid) as refused:
        changed(scenario("quiet_street"), {"shops": {"*": 3}})
    assert (refused.value.field, bool(refused.value.way_out)) == ("shops.*", True)


def whole() -> dict[str, Any]:
    """A document in which every table stands."""
    plan = document(scenario("daji_costumes"))
    plan["changes"] = [{"day": 30, "levers": {"feedback.window_days": 20}}]
    return plan


def out_of(kind: Kind) -> Iterator[Any]:
    """Values an entry of `kind` cannot take."""
    yield None
    yield {
        "text": 7,
        "flag": 1,
        "word": "perhaps",
        "slugs": ["no-such-trade"],
        "weights": {"no-such-trade": 1},
    }.get(kind.shape, "much")
    if kind.shape in ("whole", "number"):
        yield from (kind.least - 1, kind.most + 1, True, float("nan"))
    if kind.shape == "numbers":
        yield from ([1.0] * (kind.rows[0] - 1), [kind.least - 1] * kind.rows[0], ["x"] * kind.rows[0])


@pytest.mark.parametrize("table", HOLDERS)
def test_whatever_an_entry_cannot_be_is_refused_by_its_name(table):
    listed = table in ("shops", "villages", "seasons")
    prefix = f"{table}[1]" if listed else table
    tried = 0
    for key, kind in {**kinds(HOLDERS[table]), "no_such_key": Kind("flag", "", "")}.items():
        for value in out_of(kind):
            plan = whole()
            (plan[table][0] if listed else plan[table])[key] = value
            with pytest.raises(Invalid) as refused:
                from_document(plan)
            assert refused.value.field.startswith(f"{prefix}.{key}"), (key, value)
            assert key in refused.value.detail
            assert refused.value.rule
            assert refused.value.way_out
            tried += 1
    assert tried >= 2 * len(kinds(HOLDERS[table]))


WRONG: tuple[Any, ...] = (
    # where                          what                       named                               rule
    (("regime",),                    "thesis-2011",             "regime",                           "regime_is_shipped"),
    (("start",),                     "2011-03-01T08:00:00+08:00", "start",                          "market_begins_at_midnight"),
    (("start",),                     "2011-03-01",              "start",                            "moment_says_its_offset"),
    (("tick_hours",),                5,                         "tick_hours",                       "tick_divides_the_day"),
    (("days",),                      0,                         "days",                             "number_is_within_its_bounds"),
    (("weather",),                   "fine",                    "weather",                          "key_is_known"),
    (("buyers",),                    [],                        "buyers",                           "entry_is_a_table"),
    (("buyers", "regions"),          {"999999": 1},             "buyers.regions.999999",            "region_exists"),
    (("shops",),                     [],                        "shops",                            "somebody_opens_first"),
    (("shops", 0, "trades"),         {"toys": 0},               "shops[1].trades.toys",             "weight_is_above_nothing"),
    (("shops", 0, "trades"),         {},                        "shops[1].trades",                  "table_names_something"),
    (("shops", 0, "village"),        "dinglu",                  "shops[1].village",                 "village_is_in_the_scenario"),
    (("shops", 1, "village"),        "",                        "shops[2].village",                 "imitators_have_neighbours"),
    (("shops", 1, "seats"),          True,                      "shops[2].seats",                   "a_seat_is_there_from_the_start"),
    (("shops", 1, "name"),           "first households",        "shops[2].name",                    "name_is_used_once"),
    (("shops", 0, "settings"),       {"pacing": "budget"},      "shops[1].settings.pacing",         "setting_is_known"),
    (("shops", 0, "settings"),       {"custom_share": 2},       "shops[1].settings.custom_share",   "number_is_within_its_bounds"),
    (("villages", 0, "code"),        371721,                    "villages[1].code",                 "code_has_its_digits"),
    (("villages", 0, "county"),      320324,                    "villages[1].county",               "town_is_in_its_county"),
    (("villages", 0, "households"),  100,                       "villages[1].households",           "a_household_keeps_one_shop"),
    (("villages", 0, "first_shops"), 8,                         "villages[1].first_shops",          "key_is_known"),
    (("seasons", 0, "peak"),         "02-29",                   "seasons[1].peak",                  "peak_is_a_day_of_every_year"),
    (("seasons", 0, "peak"),         "W05-3",                   "seasons[1].peak",                  "peak_is_a_day_of_every_year"),
    (("seasons",),                   [{"name": f"s{n}", "peak": "05-20"} for n in range(101)], "seasons", "seasons_are_few"),
    (("buyers", "growth"),           10**400,                   "buyers.growth",                    "entry_is_a_number"),
    (("behaviour",), dict.fromkeys([f"{way}_share" for way in WAYS], 0), "behaviour.search_share",  "something_is_above_nothing"),
    (("seasons", 0, "months"),       [1.0] * 12,                "seasons[1]",                       "season_is_months_or_a_peak"),
    (("changes", 0, "levers"),       {},                        "changes[1].levers",                "a_change_names_a_lever"),
    (("changes", 0, "levers"),       {"feedback.windw_days": 1}, "changes[1].levers.feedback.windw_days", "lever_is_known"),
    (("changes", 0, "levers"),       {"feedback": {"window_days": -1}}, "changes[1].levers.feedback.window_days",
                                                                                                    "lever_is_within_its_bounds"),
    (("changes", 0, "levers"),       {"auction.bid_least_fen": 9_999, "auction.bid_most_fen": 5_000},
                                                                "changes[1].levers.auction.bid_least_fen",
                                                                                                    "least_is_not_above_most"),
    (("changes",),                   [{"day": 3, "levers": {"feedback.window_days": 9}}] * 2, "changes[2].day", "changes_stand_in_order"),
    (("ads",),                       None,                      "ads",                              "entry_is_a_table"),
    (("ads", "bid_from_fen"),        500,                       "ads.bid_from_fen",                 "least_is_not_above_most"),
    (("behaviour", "bad_below_stars"), 4.5,                     "behaviour.bad_below_stars",        "least_is_not_above_most"),
    (("behaviour", "weekdays"),      [2.0] * 7,                 "behaviour.weekdays",               "weekdays_mean_is_one"),
)  # fmt: skip


@pytest.mark.parametrize(("where", "what", "named", "rule"), WRONG)
def test_what_contradicts_the_rest_is_refused_by_its_name(where, what, named, rule):
    plan = whole()
    holder: Any = plan
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = copy.deepcopy(what)
    with pytest.raises(Invalid) as refused:
        from_document(plan)
    assert (refused.value.field, refused.value.rule) == (named, rule)
    assert refused.value.way_out


def test_the_example_of_the_manual_reads_and_is_refused_as_it_says():
    page = (Path(__file__).parents[2] / "docs/how-to/write-a-scenario.md").read_text()
    written = page.split("```toml\n")[1].split("```")[0]
    assert [row.service for row in read(written).shops] == [0.9, 0.3]
    with pytest.raises(Invalid) as refused:
        read(written.replace('"neglectful"', '"neglected"'))
    assert refused.value.detail in page
    assert refused.value.way_out.split("?")[0] in page
    assert all(f"`{name}`" in page for name in (*names(), *STRATEGIES))


def test_a_misspelt_word_is_answered_with_the_one_that_was_meant():
    plan = whole()
    plan["shops"][0]["listngs"] = plan["shops"][0].pop("listings")
    with pytest.raises(Invalid) as refused:
        from_document(plan)
    assert "listings" in refused.value.way_out
    assert all(
        kind.fallback is not None for strategy in STRATEGIES for kind in settings_of(strategy).values()
    )
    assert [change.levers for change in from_document(whole()).changes] == [{"feedback.window_days": 20}]
    assert isinstance(from_document(whole()).changes[0], Change)
    assert isinstance(from_document(whole()), Scenario)
