"""Places: what the codes promise to everyone who ships, filters or samples by them."""

import numpy as np
import pytest

from common import regions

SHAJI, SUINING, CAO, DAJI, YIWU = 320324109, 320324, 371721, 371721121, 330782


def test_there_are_34_provinces_and_every_region_lies_in_one():
    assert len(regions.provinces()) == 34
    assert all(regions.province(code) in regions.table() for code in regions.table())


def test_names_and_codes_are_unique():
    rows = regions.table().values()
    lines = [r for r in regions._TABLE.read_text(encoding="utf-8").splitlines() if r and r[0] != "#"]
    assert len(lines) == len(rows)
    assert len({r.name for r in rows}) == len(rows)
    assert len({r.english for r in rows if r.level == "city"}) == sum(r.level == "city" for r in rows)


def test_every_place_lies_in_china_and_has_people():
    for place in regions.table().values():
        assert 73 < place.lon < 136, place
        assert 16 < place.lat < 54, place
        assert place.residents > 0, place


def test_the_prefectures_of_a_province_add_up_to_its_people():
    codes, residents = regions.homes()
    for province in regions.provinces():
        inside = residents[codes // 10_000 == province.code // 10_000].sum()
        assert inside == pytest.approx(province.residents, rel=0.08), province.name


@pytest.mark.parametrize(
    ("code", "name", "province", "city"),
    [
        (SHAJI, "沙集镇", 320000, 320300),
        (SUINING, "睢宁县", 320000, 320300),
        ("371721", "曹县", 370000, 371700),
        (DAJI, "大集镇", 370000, 371700),
        (YIWU, "义乌市", 330000, 330700),
        (110000, "北京市", 110000, 110000),
        ("419001", "济源市", 410000, 419001),
    ],
)
def test_the_places_of_the_story_are_known(code, name, province, city):
    assert regions.valid(code)
    assert regions.name(code) == name
    assert regions.province(code) == province
    assert regions.city(code) == city


def test_an_unlisted_county_is_valid_and_takes_its_prefectures_name():
    assert regions.valid(320381)
    assert regions.name(320381) == "徐州市"
    assert regions.name("110105") == "北京市"
    assert regions.valid(320381101)


@pytest.mark.parametrize(
    "code", ["", "abc", "32032", 0, -320324, 999999, 990000, 329900, 329901, 320324000, "３２０３２４", 12.5]
)
def test_nonsense_is_not_a_region(code):
    assert not regions.valid(code)
    with pytest.raises(KeyError):
        regions.name(code)


def test_distances_are_symmetric_and_right_to_a_few_percent():
    assert regions.distance_km(SUINING, SUINING) == 0
    assert regions.distance_km(110000, 310000) == pytest.approx(1_068, rel=0.02)
    assert regions.distance_km(440100, 440300) == pytest.approx(105, rel=0.05)
    assert regions.distance_km(SHAJI, "320300") == regions.distance_km("320300", SHAJI)
    assert regions.distance_km(SHAJI, SUINING) < 15


def test_distances_of_arrays_are_those_of_pairs():
    a, b = np.array([110000, YIWU, CAO]), np.array([310000, DAJI, CAO])
    assert regions.distances_km(a, b).tolist() == [
        regions.distance_km(int(x), int(y)) for x, y in zip(a, b, strict=True)
    ]
    assert regions.distances_km(a[:, None], b[None, :]).shape == (3, 3)


def test_an_address_is_written_from_the_whole_to_the_part():
    assert regions.path(SHAJI) == "江苏省 徐州市 睢宁县 沙集镇"
    assert regions.path(SUINING, "en") == "Suining, Xuzhou, Jiangsu"
    assert regions.path(310000) == "上海市"


def test_members_live_where_people_live():
    homes = regions.sample(7, np.arange(50_000))
    share = (homes // 10_000 == 44).mean()
    assert share == pytest.approx(regions.population_weight(440000), abs=0.01)
    assert all(regions.valid(int(code)) for code in np.unique(homes))
    assert (regions.sample(7, [3, 1, 2]) == homes[[3, 1, 2]]).all()


def test_every_cluster_is_a_real_place():
    for cluster in regions.CLUSTERS:
        assert regions.region(cluster.code).code == cluster.code
