"""The shipped files say what the rules of the market say, completely and with their sources."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from common.errors import Invalid, NotFound
from regime import queries, reference
from regime.levers import Kind, levers
from regime.levers.kinds import kinds
from regime.rules import flat, plain
from regime.shipped import CONFIDENCE, FILES, load, names, shipped

ROOT = Path(__file__).resolve().parents[2]

# fmt: off
# The published rules, number by number, in the order of the rule book.
DEFAULT = {
    # feedback and credit
    "feedback.window_days": 15, "feedback.question_count": 5, "feedback.stars_least": 1,
    "feedback.stars_most": 5,
    "feedback.silent_stars": 5, "feedback.default_verdict": "silence_is_good", "feedback.reveal": "sealed",
    "feedback.reveal_both_good_minutes": 30, "feedback.reveal_any_unkind_hours": 48,
    "feedback.reveal_one_sided_days": 15, "feedback.reveal_one_sided_unkind_hours": 48,
    "feedback.edit_window_days": 30, "feedback.edit_limit_count": 1,
    "feedback.edit_from": ["neutral", "bad"], "feedback.edit_to": ["good", "deleted"],
    "feedback.explanation_window_days": 30, "feedback.explanation_limit_count": 1,
    "feedback.explanation_characters": 500,
    "feedback.follow_up_window_days": 180, "feedback.follow_up_limit_count": 1,
    "feedback.follow_up_characters": 500,
    "feedback.follow_up_visible_at_once": True,
    "feedback.complaint_window_days": 30, "feedback.complaint_needs_mutual": True,
    "credit.good_points": 1, "credit.neutral_points": 0, "credit.bad_points": -1,
    "credit.pair_month_most_points": 6, "credit.pair_month_least_points": -6,
    "credit.same_item_days": 14, "credit.same_item_most_points": 1, "credit.same_item_least_points": -1,
    "credit.tiny_order_fen": 100, "credit.good_rate_months": 6, "credit.good_rate_counts_neutral": True,
    "credit.needs_escrow": True, "credit.needs_open_account": True, "credit.fake_points_removed": True,
    "credit.ladder_points": [4, 11, 41, 91, 151, 251, 501, 1_001, 2_001, 5_001, 10_001, 20_001,
                             50_001, 100_001,
                             200_001, 500_001, 1_000_001, 2_000_001, 5_000_001, 10_000_001],
    "dsr.window_months": 6, "dsr.pair_month_first_count": 3, "dsr.publish_after_count": 3,
    # trade clocks
    "trade.unpaid_close_hours": 72, "trade.flash_unpaid_close_minutes": 30,
    "refund.before_shipping_hours": 48, "refund.shipping_closes_request": True,
    "trade.ship_by_hours": 72, "protection.ship_by_hours": 24,
    "trade.late_compensation_bps": 500, "trade.late_compensation_most_fen": 3_000,
    "trade.auto_confirm_auto_hours": 24, "trade.auto_confirm_virtual_days": 3,
    "trade.auto_confirm_express_days": 10, "trade.auto_confirm_surface_days": 30,
    "trade.refund_pauses_confirm": True, "trade.after_sale_days": 15,
    "trade.seller_extension_days": [3, 5, 7, 10], "trade.seller_extension_limit_count": 0,
    "trade.buyer_extension_days": 3, "trade.buyer_extension_limit_count": 1,
    "trade.buyer_extension_last_days": 3,
    "refund.after_shipping_days": 5, "refund.virtual_days": 3, "refund.send_back_days": 7,
    "refund.return_express_days": 10, "refund.return_surface_days": 30, "refund.refused_idle_days": 7,
    "dispute.evidence_days": 3, "dispute.seller_reply_hours": 24, "dispute.ruling_working_days": 6,
    "dispute.chat_is_evidence": True,
    "refund.no_reason_hours": 168, "refund.no_reason_from": "midnight_after_signing",
    "refund.no_reason_buyer_pays": "return_only", "refund.fault_postage_paid_by": "seller",
    "protection.deposit_fen": 100_000, "protection.compensation_first": True,
    "protection.free_repair_days": 30,
    "deal.expiry_days": 3,
    # penalties
    "penalty.general_every_points": 12, "penalty.general_hidden_days": 12,
    "penalty.counterfeit_points": [12, 24, 48], "penalty.general_clears_at_year_end": True,
    "penalty.serious_keeps_from_points": 48, "penalty.counterfeit_keeps_from_points": 24,
    "penalty.counterfeit_carried_points": 24,
    "penalty.misdescription_points": 3, "penalty.late_shipping_points": 3,
    "penalty.broken_promise_least_points": 4, "penalty.broken_promise_most_points": 6,
    "penalty.harassment_points": 12, "penalty.leak_points": 6, "penalty.account_theft_points": 48,
    "penalty.fake_trade_era": "2010", "penalty.fake_gains_deleted": True,
    "penalty.fake_item_demoted_days": 30,
    "penalty.appeal_limit_count": 1, "penalty.appeal_restores_in_full": True,
    # Express Train
    "auction.mechanism": "gsp", "auction.tie_goes_to": "earlier_bid", "auction.increment_fen": 1,
    "auction.reserve_fen": 5, "auction.capped_at_own_bid": True,
    "auction.quality_shown_least": 1, "auction.quality_shown_most": 10,
    "auction.bid_least_fen": 5, "auction.bid_most_fen": 9_999, "auction.bid_step_fen": 1,
    "auction.day_budget_least_fen": 3_000, "auction.overshoot_refunded": True,
    "auction.overshoot_kept_if_edited": True,
    "auction.time_slot_minutes": 30, "auction.time_rate_least_bps": 3_000,
    "auction.time_rate_most_bps": 25_000,
    "auction.region_levels": ["province", "city"], "auction.matches": ["exact", "centre", "broad"],
    "auction.repeat_click_hours": 24, "auction.own_clicks_billed": False,
    "auction.right_slot_count": 8, "auction.bottom_slot_count": 5,
    # alliance
    "alliance.commission_least_bps": 150, "alliance.commission_most_bps": 5_000,
    "alliance.commission_base": "paid_without_postage", "alliance.attribution_days": 15,
    "alliance.attribution_click": "last", "alliance.advertiser_fee_bps": 1_000,
    "alliance.owner_fee_bps": 1_000,
    "alliance.clawed_back_on_refund": True, "alliance.sold_by": ["commission", "click", "thousand_views"],
    # organic ranking
    "listing.cycle_days": 7, "ranking.sales_window_days": 30,
    "ranking.default_sort_share_bps": 8_000, "ranking.sales_sort_share_bps": 1_000,
    "ranking.price_sort_share_bps": 500, "ranking.popularity_sort_share_bps": 200,
    "ranking.credit_sort_share_bps": 100,
    "showcase.heart_count": 10, "showcase.diamond_count": 20, "showcase.crown_count": 30,
    "showcase.young_extra_count": 10, "showcase.protection_extra_count": 5,
    # traffic, members, campaigns
    "traffic.uv_window_days": 1, "members.vip_level_least_days": 180,
    "campaign.needs_no_reason_return": True, "campaign.dsr_least_hundredths": 460,
    "campaign.serious_most_points": 0, "campaign.general_below_points": 12,
    "campaign.fake_trade_most_count": 0,
    "campaign.needs_ad_subscription": True,
    "campaign.lucky_price_fen": 100, "campaign.lucky_wins_most_count": 1, "campaign.lucky_unpaid_minutes": 30,
    # villages: ten million yuan and 100 shops or a tenth of the households; farm products twice from 2020
    "villages.sales_least_fen": 1_000_000_000, "villages.shops_least_count": 100,
    "villages.households_least_bps": 1_000, "villages.active_open_days": 30,
    "villages.active_orders_count": 1, "villages.active_months": 3,
    "villages.farm_weight_bps": 20_000, "villages.farm_weight_from_year": 2020,
    "villages.town_villages_least_count": 3, "villages.town_sales_least_fen": 3_000_000_000,
    "villages.town_shops_least_count": 300, "villages.town_sales_from_year": 2019,
}
# fmt: on


@pytest.mark.parametrize("path", DEFAULT)
def test_every_number_of_the_rules_is_in_the_default_regime(path):
    assert plain(shipped("thesis-2010").settings[path].value) == DEFAULT[path]


def test_what_the_rules_do_not_number_is_marked_as_an_assumption():
    unnumbered = {path: s for path, s in shipped("thesis-2010").settings.items() if path not in DEFAULT}
    tables = {"penalty.serious_sanctions", *(p for p in unnumbered if p.startswith("penalty.fake_trades_"))}
    known = {"traffic.bounce_page_count", "listing.title_bytes"}  # published, but not in the rule book
    assert {path for path, s in unnumbered.items() if s.confidence != "assumption"} == tables | known


def test_serious_points_bring_what_the_rules_say():
    steps = shipped("thesis-2010").regime.penalty.serious_sanctions
    assert [(s.points, s.days, s.effect) for s in steps] == [
        (12, 7, "shop_hidden"),
        (24, 14, "all_delisted"),
        (36, 21, "shop_closed"),
        (48, 0, "account_sealed"),
    ]


def fake_trade_points(era: str, **case: int | str) -> int:
    """What the table of `era` gives; as the first row that fits decides."""
    terms = {"aim": "credit", "offence": 1, "severity": 0, "share_bps": 0, "trades": 0, **case}
    for rule in getattr(shipped("thesis-2010").regime.penalty, f"fake_trades_{era}"):
        if (
            rule.aim in ("any", terms["aim"])
            and rule.offence_from <= terms["offence"]
            and rule.severity in (0, terms["severity"])
            and rule.share_from_bps <= terms["share_bps"]
            and rule.trades_from_count <= terms["trades"]
        ):
            return rule.points
    raise AssertionError("no row fits")


@pytest.mark.parametrize(
    ("era", "case", "points"),
    [
        ("2010", {"share_bps": 8_000, "trades": 96}, 96),
        ("2010", {"share_bps": 8_000, "trades": 95}, 48),
        ("2010", {"share_bps": 5_000, "trades": 48}, 48),
        ("2010", {"share_bps": 4_999, "trades": 500}, 24),
        ("2010", {"share_bps": 9_000, "trades": 47}, 24),
        ("2011", {"share_bps": 8_000, "trades": 96}, 96),
        ("2011", {"share_bps": 8_000, "trades": 48}, 48),
        ("2011", {"share_bps": 7_999, "trades": 96}, 48),
        ("2011", {"share_bps": 5_000, "trades": 47}, 24),
        ("2011", {"aim": "sales", "share_bps": 9_000, "trades": 500}, 6),
        ("2013", {"trades": 95}, 0),
        ("2013", {"offence": 2, "trades": 95}, 0),
        ("2013", {"offence": 2, "trades": 96}, 12),
        ("2013", {"offence": 3, "trades": 95}, 12),
        ("2013", {"offence": 3, "trades": 96}, 48),
        ("2013", {"offence": 4}, 48),
        ("2019", {"severity": 1}, 2),
        ("2019", {"severity": 2}, 12),
        ("2019", {"severity": 3}, 48),
        ("2019", {"severity": 4}, 48),
    ],
)
def test_fake_trades_cost_what_their_era_says(era, case, points):
    assert fake_trade_points(era, **case) == points


def test_each_regime_uses_the_fake_trade_table_of_its_time():
    tables = {name: shipped(name).regime.penalty for name in names()}
    assert tables["thesis-2010"].fake_trades == tables["thesis-2010"].fake_trades_2010
    assert tables["taobao-2014"].fake_trades == tables["taobao-2014"].fake_trades_2013
    assert tables["taobao-today"].fake_trades == tables["taobao-today"].fake_trades_2019


@pytest.mark.parametrize("name", names())
def test_every_lever_has_unit_source_era_confidence_and_why(name):
    assert list(shipped(name).settings) == list(levers())
    for path, setting in shipped(name).settings.items():
        assert setting.unit == levers()[path].unit, path
        assert setting.source.strip(), path
        assert setting.era.strip(), path
        assert setting.confidence in CONFIDENCE, path
        assert setting.why.endswith((".", "?")), path
        assert "\n" not in setting.why, path


@pytest.mark.parametrize(
    ("suffix", "unit"),
    [("_fen", "fen"), ("_bps", "bps"), ("_bytes", "bytes"), ("_days", "days"), ("_hours", "hours"),
     ("_minutes", "minutes"),
     ("_seconds", "seconds"), ("_months", "months"), ("_points", "points"), ("_characters", "characters")],
)  # fmt: skip
def test_a_lever_named_by_its_unit_is_counted_in_it(suffix, unit):
    named = [k for path, k in all_columns() if path.endswith(suffix) and not path.endswith("_working_days")]
    assert named
    assert {kind.unit for kind in named if kind.shape != "flag"} == {unit}


def all_columns() -> list[tuple[str, Kind]]:
    """Every lever and every column of a lever that is a table."""
    columns = list(levers().items())
    for path, kind in levers().items():
        if kind.row is not None:
            columns += [(f"{path}.{name}", column) for name, column in kinds(kind.row).items()]
    return columns


def test_open_feedback_differs_only_in_when_feedback_is_shown():
    rows = queries.diff("thesis-2010", "open-feedback")
    assert [(d.lever, d.a, d.b) for d in rows] == [("feedback.reveal", "sealed", "open")]
    assert rows[0].why


def test_a_regime_does_not_differ_from_itself():
    assert queries.diff("taobao-2014", "taobao-2014") == []


def test_a_diff_read_backwards_is_the_same_levers():
    there, back = queries.diff("thesis-2010", "taobao-today"), queries.diff("taobao-today", "thesis-2010")
    assert [(d.lever, d.a, d.b) for d in there] == [(d.lever, d.b, d.a) for d in back]


def test_2014_shows_feedback_after_a_pause_and_defaults_only_good_for_good():
    feedback = shipped("taobao-2014").regime.feedback
    assert (feedback.reveal, feedback.default_verdict) == ("delayed", "good_for_good")


def test_today_an_unpaid_order_waits_a_day():
    assert shipped("taobao-today").regime.trade.unpaid_close_hours == 24


@pytest.mark.parametrize("name", [name for name in names() if name != "thesis-2010"])
def test_a_file_with_a_base_says_only_what_differs(name):
    said = {f"{section}.{lever}" for section, held in heard(name).items() for lever in held}
    base = flat(shipped("thesis-2010").regime)
    assert said == set(shipped(name).own)
    assert all(plain(base[path]) != plain(shipped(name).own[path].value) for path in said)


def heard(name: str) -> dict[str, dict[str, object]]:
    document = tomllib.loads((FILES / f"{name}.toml").read_text(encoding="utf-8"))
    assert document["base"] == "thesis-2010"
    return {key: value for key, value in document.items() if isinstance(value, dict)}


def test_the_files_describe_each_lever_in_the_codes_words():
    for file in FILES.rglob("*.toml"):
        for path, words in re.findall(r"^\[([a-z_.0-9]+)\] # (.*)$", file.read_text(encoding="utf-8"), re.M):
            assert words == levers()[path].means, path


def test_the_reference_page_is_what_the_code_says():
    page = (ROOT / "docs/reference/regime.md").read_text(encoding="utf-8")
    assert page == reference.page(), (
        "PYTHONPATH=platform python -m regime.reference > docs/reference/regime.md"
    )
    assert all(f"`{path}`" in page for path in levers())


# --- files that break a rule -------------------------------------------------------------------------------

MINE = """
title = "Mine"
summary = "A trial"
base = "thesis-2010"

[deal.expiry_days]
value = 5
unit = "days"
source = "me"
era = "now"
confidence = "assumption"
why = "To see."
"""


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(FILES, tmp_path / "files")
    return tmp_path / "files"


def write(folder: Path, text: str) -> None:
    (folder / "mine.toml").write_text(text, encoding="utf-8")


def test_a_teacher_can_write_a_regime_of_one_lever(folder):
    write(folder, MINE)
    mine = load("mine", folder)
    assert mine.regime.deal.expiry_days == 5
    assert list(mine.own) == ["deal.expiry_days"]
    assert mine.regime.feedback == shipped("thesis-2010").regime.feedback


@pytest.mark.parametrize(
    ("said", "instead", "field", "rule"),
    [
        ("deal.expiry_days", "deal.expiry", "deal.expiry", "lever_is_known"),
        ("deal.expiry_days", "deals.expiry_days", "deals", "lever_is_known"),
        ("value = 5", 'value = "5"', "deal.expiry_days", "lever_is_a_whole_number"),
        ("value = 5", "value = 5.0", "deal.expiry_days", "lever_is_a_whole_number"),
        ("value = 5", "value = true", "deal.expiry_days", "lever_is_a_whole_number"),
        ("value = 5", "value = 0", "deal.expiry_days", "lever_is_within_its_bounds"),
        ("value = 5", "value = 91", "deal.expiry_days", "lever_is_within_its_bounds"),
        ('unit = "days"', 'unit = "hours"', "deal.expiry_days.unit", "unit_is_the_levers"),
        ('source = "me"\n', "", "deal.expiry_days.source", "lever_says_value_unit_source_era_confidence_why"),
        ('"To see."', '" "', "deal.expiry_days.why", "lever_says_value_unit_source_era_confidence_why"),
        ('"assumption"', '"certain"', "deal.expiry_days.confidence", "confidence_is_known"),
        ('why = "To see."', 'why = "To see."\ncolour = 1', "deal.expiry_days.colour",
         "lever_says_value_unit_source_era_confidence_why"),
        ('title = "Mine"', 'heading = "Mine"', "heading", "head_is_title_summary_base"),
        ('base = "thesis-2010"', 'base = "mine"', "base", "base_is_another"),
        ('base = "thesis-2010"\n', "", "feedback.window_days", "every_lever_has_a_value"),
        ("value = 5", "value = = 5", "mine.toml", "file_is_toml"),
    ],
)  # fmt: skip
def test_a_file_that_breaks_a_rule_is_refused_by_name(folder, said, instead, field, rule):
    write(folder, MINE.replace(said, instead))
    with pytest.raises(Invalid) as refused:
        load("mine", folder)
    assert (refused.value.field, refused.value.rule) == (field, rule)
    assert refused.value.way_out


def test_bases_that_go_in_a_circle_are_refused(folder):
    write(folder, MINE.replace("thesis-2010", "yours"))
    (folder / "yours.toml").write_text('base = "mine"', encoding="utf-8")
    with pytest.raises(Invalid, match="its own base"):
        load("mine", folder)


def test_a_lever_said_twice_in_a_folder_is_refused(folder):
    (folder / "thesis-2010" / "7-more.toml").write_text(MINE.split("\n\n", 1)[1], encoding="utf-8")
    with pytest.raises(Invalid, match=r"deal\.expiry_days is set twice"):
        load("thesis-2010", folder)


def test_a_file_whose_levers_contradict_each_other_is_refused(folder):
    write(
        folder,
        MINE.replace("deal.expiry_days", "auction.bid_least_fen")
        .replace("days", "fen")
        .replace("= 5", "= 99999"),
    )
    with pytest.raises(Invalid) as refused:
        load("mine", folder)
    assert refused.value.rule == "least_is_not_above_most"


@pytest.mark.parametrize("name", ["nobody", "../files/thesis-2010", "thesis-2010/1-reputation", ""])
def test_a_name_that_is_no_regime_is_not_found(name):
    with pytest.raises(NotFound):
        shipped(name)
