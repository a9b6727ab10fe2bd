"""The tree of sections: the shape the thesis gives it, and ids nobody may move."""

import math
import statistics

import numpy as np
import pytest

from common import regions, sections


def test_there_are_the_24_sections_of_the_thesis():
    names = [section.english for section in sections.all_sections()]
    assert len(names) == 24
    assert [section.id for section in sections.all_sections()] == list(range(1, 25))
    assert names[0] == "Virtual money and ticketing"
    assert names[-1] == "Local life service"


@pytest.mark.parametrize("section", sections.all_sections(), ids=lambda section: section.slug)
def test_a_section_has_eight_to_ten_parts_of_three_to_eight_categories(section):
    assert 8 <= len(section.sub_sections) <= 10
    assert all(3 <= len(sub.categories) <= 8 for sub in section.sub_sections)
    assert section.kind in sections.KINDS
    assert section.words["styles"]
    assert section.words["crowds"]
    assert section.words["sizes"]


def test_ids_and_slugs_are_unique_and_say_where_they_stand():
    nodes = [*sections.all_sections(), *sections.all_sub_sections(), *sections.all_categories()]
    assert len({node.id for node in nodes}) == len(nodes)
    slugs = [node.slug for node in (*sections.all_sections(), *sections.all_sub_sections())]
    assert len(set(slugs)) == len(slugs)
    for category in sections.all_categories():
        assert sections.section_of(category.id).id == category.section_id == category.id // 10_000


@pytest.mark.parametrize(
    ("number", "slug_or_name"),
    [  # worlds on disk hold these numbers: they may be added to, never changed
        (4, "womens-fashion"), (15, "furniture-and-home"), (401, "dresses"), (606, "stage-costumes"),
        (1501, "self-assembly"), (2410, "pet-services"), (150101, "书架"), (40101, "连衣裙"),
        (241005, "宠物摄影"),
    ],
)  # fmt: skip
def test_ids_are_pinned(number, slug_or_name):
    node = sections.node(number)
    assert getattr(node, "slug", node.name) == slug_or_name


def test_paths_lead_from_the_section_down():
    assert sections.path(150102) == (15, 1501, 150102)
    assert sections.path(1501) == (15, 1501)
    assert sections.path(15) == (15,)
    assert sections.path_name(150102) == "家具家饰 > 拼装家具 > 简易衣柜"
    assert sections.path_name(401, "en") == "Women's fashion > Dresses"
    assert sections.sub_section_of(150102).slug == "self-assembly"


def test_levels_and_lookups():
    assert [sections.level(n) for n in (15, 1501, 150102)] == ["section", "sub_section", "category"]
    assert sections.find("dresses").id == 401
    assert [c.id for c in sections.categories_in(401)] == [c.id for c in sections.find("dresses").categories]
    assert len(sections.category_ids()) == len(sections.all_categories())
    assert (np.diff(sections.category_ids()) > 0).all()


@pytest.mark.parametrize("number", [0, 25, 100, 499, 40199, 9999999, -1])
def test_unknown_ids_are_refused(number):
    assert not sections.valid(number)
    for ask in (sections.node, sections.path, sections.section_of, sections.level):
        with pytest.raises(KeyError):
            ask(number)
    with pytest.raises(KeyError):
        sections.prices_of([number])


def test_a_section_is_no_sub_section():
    with pytest.raises(KeyError, match="several"):
        sections.sub_section_of(15)


@pytest.mark.parametrize("section", sections.all_sections(), ids=lambda section: section.slug)
def test_a_sections_price_lies_among_those_of_its_parts(section):
    middle = statistics.mean(sub.log_mean for sub in section.sub_sections)
    assert abs(middle - section.log_mean) < 0.65
    assert 0.5 <= section.log_sd <= 1.3
    assert all(100 <= sub.median_fen <= 500_000 for sub in section.sub_sections)


def test_prices_come_for_arrays_of_any_level():
    log_mean, log_sd = sections.prices_of([4, 401, 40101])
    assert log_mean.tolist() == [math.log(5_900), math.log(7_900), math.log(7_900)]
    assert log_sd.tolist() == [0.75, 0.45, 0.45]


def test_nothing_is_shipped_in_two_sections_only():
    assert [s.slug for s in sections.all_sections() if s.is_virtual] == ["virtual-and-tickets", "local-life"]


def test_the_clusters_sell_in_known_sections():
    assert {cluster.section for cluster in regions.CLUSTERS} <= {s.slug for s in sections.all_sections()}
