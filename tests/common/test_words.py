"""The market's vocabulary: what everybody who generates a market may count on."""

from time import perf_counter

import numpy as np
import pytest

from common import regions, sections, words
from common.words import source, talk

SEED = 310
MIXED = np.arange(2_000) % 24 + 1
EVERY_CATEGORY = sections.category_ids()


def is_chinese(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


# -- titles


def test_no_title_is_longer_than_sixty_bytes_in_gbk():
    written = words.titles(SEED, np.tile(EVERY_CATEGORY, 5))
    widths = [len(title.encode("gbk")) for title in written]  # fails on a character GBK does not have
    assert max(widths) <= words.TITLE_BYTES
    assert widths == [words.gbk_width(title) for title in written]


def test_full_titles_use_the_room_as_sellers_do():
    assert 50 < np.mean([words.gbk_width(t) for t in words.titles(SEED, MIXED)]) < 58


def test_a_title_always_names_its_goods():
    for title, category in zip(words.titles(SEED, EVERY_CATEGORY), EVERY_CATEGORY.tolist(), strict=True):
        assert any(noun in title for noun in sections.node(category).nouns), title


def test_the_poorest_title_is_the_noun_alone():
    for title, category in zip(
        words.titles(SEED, EVERY_CATEGORY, richness=0.0), EVERY_CATEGORY.tolist(), strict=True
    ):
        assert title in sections.node(category).nouns


def test_some_titles_mix_english_in_and_nearly_all_are_chinese():
    written = words.titles(SEED, MIXED)
    assert all(is_chinese(title) for title in written if "SSD" not in title)
    latin = sum(any(c.isascii() and c.isalpha() for c in title) for title in written) / len(written)
    assert 0.15 < latin < 0.6


def test_ten_thousand_titles_take_well_under_a_second_and_hardly_repeat():
    ids = np.arange(10_000) % 24 + 1
    words.titles(SEED, ids[:24])  # the lists are read once
    started = perf_counter()
    written = words.titles(SEED, ids)
    assert perf_counter() - started < 0.8
    assert len(set(written)) > 9_990


def test_a_rewritten_title_is_another_title():
    first, second = words.titles(SEED, MIXED, count=0), words.titles(SEED, MIXED, count=1)
    assert sum(a == b for a, b in zip(first, second, strict=True)) < 20


def test_no_title_or_query_repeats_a_line_we_ship():
    lines = {
        line.strip("* ")
        for path in (*source._PHRASES.glob("*.txt"), *sections._FOLDER.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert len(lines) > 500
    assert not lines & set(words.titles(SEED, np.tile(EVERY_CATEGORY, 3)))


# -- whatever is generated


GENERATORS = {
    "titles": words.titles,
    "queries_about": words.queries_about,
    "comments": lambda seed, ids, who: words.comments(seed, np.asarray(who) % 3 - 1, ids, who),
    "chat": lambda seed, ids, who: words.chat(seed, ["buyer.haggle"], ids, who, price_fen=3_550),
    "descriptions": lambda seed, ids, who: words.descriptions(seed, ids, who, richness=60),
    "properties": words.properties,
    "prices": lambda seed, ids, who: words.prices(seed, ids, who).tolist(),
    "categories_for": lambda seed, ids, who: words.categories_for(seed, ids, who).tolist(),
    "queries": lambda seed, ids, who: words.queries(seed, who, size=500),
    "nicks": lambda seed, ids, who: words.nicks(seed, who),
    "shop_names": words.shop_names,
    "follow_ups": lambda seed, ids, who: words.follow_ups(seed, who),
    "explanations": lambda seed, ids, who: words.explanations(seed, who),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_what_an_actor_gets_does_not_depend_on_its_batch(name):
    make = GENERATORS[name]
    actors, ids = np.arange(500, 620), MIXED[:120]
    whole = make(SEED, ids, actors)
    assert len(whole) == 120
    assert make(SEED, ids, actors) == whole
    odd = np.arange(119, -1, -3)
    assert make(SEED, ids[odd], actors[odd]) == [whole[row] for row in odd]


@pytest.mark.parametrize("name", GENERATORS)
def test_another_seed_is_another_market(name):
    make = GENERATORS[name]
    here, there = (make(seed, MIXED[:120], np.arange(120)) for seed in (SEED, SEED + 1))
    assert sum(a != b for a, b in zip(here, there, strict=True)) > 60


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_nobody_asks_and_nothing_is_said(name):
    assert list(GENERATORS[name](SEED, np.array([], dtype=np.int64), np.array([], dtype=np.int64))) == []


@pytest.mark.parametrize("make", [words.titles, words.properties, words.prices, words.queries_about])
def test_an_unknown_section_is_refused(make):
    with pytest.raises(KeyError):
        make(SEED, [25])


def test_no_slot_is_left_unfilled():
    said = [
        *words.comments(SEED, MIXED % 3 - 1, MIXED),
        *words.descriptions(SEED, MIXED, richness=100),
        *[
            line
            for move in talk.chat_moves()
            for line in words.chat(SEED, [move], MIXED[:100], price_fen=990)
        ],
    ]
    assert all(said)
    assert not [text for text in said if "{" in text or "}" in text]


# -- queries


def test_queries_are_short_and_distinct_in_the_pool():
    pool, shares = words.query_pool(SEED, 5_000)
    assert len(set(pool)) == len(pool) == 5_000
    assert 5 < np.mean([len(query) for query in pool]) < 8
    assert max(len(query) for query in pool) <= 30
    assert shares.sum() == pytest.approx(1.0)
    assert (np.diff(shares) < 0).all()


def test_a_few_queries_are_most_of_the_searches():
    pool, shares = words.query_pool(SEED, 5_000)
    asked = words.queries(SEED, np.arange(20_000), size=5_000)
    top = set(pool[:500])
    assert sum(query in top for query in asked) / 20_000 == pytest.approx(shares[:500].sum(), abs=0.02)
    assert shares[0] < 0.05


def test_a_query_about_a_category_names_its_goods():
    for query, category in zip(
        words.queries_about(SEED, EVERY_CATEGORY), EVERY_CATEGORY.tolist(), strict=True
    ):
        assert any(noun in query for noun in sections.node(category).nouns), query


def test_what_queries_ask_for_is_what_titles_of_that_trade_say():
    titles = np.array(words.titles(SEED, np.repeat(EVERY_CATEGORY, 6)), dtype=object).reshape(-1, 6)
    asked = words.queries_about(SEED, EVERY_CATEGORY)
    found = 0
    for category, query, said in zip(EVERY_CATEGORY.tolist(), asked, titles, strict=True):
        nouns = [noun for noun in sections.node(category).nouns if noun in query]
        found += any(noun in " ".join(said) for noun in nouns)
    assert found > 0.95 * len(EVERY_CATEGORY)


# -- names


@pytest.mark.parametrize("seed", [1, SEED, 2**62])
def test_no_two_members_share_a_nick(seed):
    nicks = words.nicks(seed, np.arange(200_000))
    assert len(set(nicks)) == 200_000
    assert max(words.gbk_width(nick) for nick in nicks) <= 25


@pytest.mark.parametrize("seed", [1, SEED, 2**62])
def test_no_two_shops_share_a_name(seed):
    names = words.shop_names(seed, np.arange(200_000) % 24 + 1, np.arange(200_000))
    assert len(set(names)) == 200_000
    assert max(words.gbk_width(name) for name in names) <= 40


def test_nicks_mix_characters_pinyin_and_digits():
    nicks = words.nicks(SEED, np.arange(5_000))
    chinese = np.mean([is_chinese(nick) for nick in nicks])
    digits = np.mean([any(c.isdigit() for c in nick) for nick in nicks])
    assert 0.3 < chinese < 0.7
    assert 0.5 < digits < 0.9


def test_a_name_needs_an_id_that_is_a_whole_number_from_zero():
    with pytest.raises(ValueError, match="ids"):
        words.nicks(SEED, [-1])
    with pytest.raises(TypeError, match="integer"):
        words.nicks(SEED, [1.5])


def test_most_shop_signs_name_their_trade():
    names = words.shop_names(SEED, 401, np.arange(1_000))
    assert 0.5 < np.mean(["女装" in name for name in names]) < 0.7


# -- goods


def test_prices_follow_the_sub_sections_median():
    asked = words.prices(SEED, np.full(20_000, 401))
    assert np.median(asked) == pytest.approx(sections.find("dresses").median_fen, rel=0.06)
    assert asked.min() >= 100
    assert np.std(np.log(asked)) == pytest.approx(0.45, abs=0.05)


def test_a_dear_shop_is_dearer_and_prices_end_on_nine_or_eight():
    cheap, dear = (words.prices(SEED, np.full(5_000, 4), shift=shift) for shift in (-0.3, 0.3))
    assert np.median(dear) / np.median(cheap) == pytest.approx(np.exp(0.6), rel=0.1)
    last_yuan = dear // 100 % 10
    assert np.isin(last_yuan, (8, 9)).mean() > 0.5


def test_properties_have_taobaos_names_and_our_values():
    sheet = words.properties(SEED, [401])[0]
    assert set(sheet) == {"颜色分类", "材质", "风格", "适用人群", "尺码", "品牌"}
    assert set(sheet["颜色分类"]) <= set(sections.node(4).words["colours"])
    assert 1 <= len(sheet["尺码"]) <= 5


def test_tickets_have_no_colour_and_no_brand():
    for sheet in words.properties(SEED, np.full(50, 106)):
        assert not {"颜色分类", "材质", "品牌"} & set(sheet)


def test_skill_makes_pages_richer_and_richer_pages_have_more_pictures():
    actors = np.arange(5_000)
    poor, rich = (words.richnesses(SEED, actors, skill=skill) for skill in (0.1, 0.9))
    assert poor.mean() < 35
    assert rich.mean() > 65
    assert poor.min() >= 0
    assert rich.max() <= 100
    few, many = (words.picture_counts(SEED, actors, richness=richness) for richness in (poor, rich))
    assert few.mean() * 1.5 < many.mean()
    assert few.min() >= 1
    assert many.max() <= 15


def test_a_rich_page_says_more_and_nothing_twice():
    lean, full = (words.descriptions(SEED, MIXED[:240], richness=richness) for richness in (0, 100))
    for short, long in zip(lean, full, strict=True):
        lines = long.split("\n")
        assert len(lines) == len(set(lines))
        assert len(lines) > len(short.split("\n"))
    assert all(is_chinese(page) for page in lean)


# -- talk


def test_comments_speak_as_their_verdict_does():
    good = set(words.comments(SEED, 1, MIXED))
    bad = set(words.comments(SEED, -1, MIXED))
    assert not good & bad
    assert any("差评" in text for text in bad)
    assert sum(text.isascii() for text in words.comments(SEED, 1, MIXED)) in range(40, 140)


def test_a_verdict_is_one_of_three():
    with pytest.raises(KeyError):
        words.comments(SEED, 2, [4])


def test_nobody_praises_the_courier_of_a_ticket():
    said = "".join(words.comments(SEED, 1, np.full(500, 106)))
    assert "快递" not in said
    assert "发货" not in said


def test_haggling_names_the_price_and_the_place():
    lines = words.chat(SEED, ["seller.counter"], np.full(50, 401), price_fen=3_550)
    assert all("35.5" in line for line in lines)
    told = words.chat(SEED, ["buyer.ask_postage"], np.full(50, 401), regions_of=320300)
    assert any("徐州" in line for line in told)
    assert not any("徐州市" in line for line in told)


@pytest.mark.parametrize(
    ("fen", "said"), [(100, "1"), (3550, "35.5"), (3505, "35.05"), (10000, "100"), (5, "0.05")]
)
def test_prices_are_said_as_people_say_them(fen, said):
    assert talk._yuan(fen) == said


def test_every_word_of_ours_can_be_written_in_gbk():
    for region in regions.table().values():
        region.name.encode("gbk")
    for name in ("titles", "names", "comments", "talk", "description", "english"):
        for lines in source.phrases(name).values():
            "".join(lines).encode("gbk")


def test_phrases_are_listed_once():
    for name in ("comments", "talk", "description", "english"):
        for heading, lines in source.phrases(name).items():
            assert len(set(lines)) == len(lines), heading
    for name in ("titles", "names"):
        for heading in source.phrases(name):
            listed = source.words(name, heading)
            assert sorted(set(listed)) == sorted(listed), heading
