"""Places: GB/T 2260 codes of provinces, prefectures, and the counties and towns the market is known for.

A code is six digits (320324 Suining county; 320300 Xuzhou; 320000 Jiangsu) or nine for a town (320324109
Shaji). Every function takes it as an integer or a string; arrays are int64. A county that is not listed is
still valid when its prefecture is: it takes its prefecture's name, place and share of people. The four
municipalities are provinces without prefectures here, so 110105 is a county of 110000.

Codes and census figures are public facts; the table is our own (`regions.tsv`), rounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import random

Code = int | str
_TABLE = Path(__file__).with_name("regions.tsv")
_EARTH_KM = 6371.0
MUNICIPALITIES = frozenset({110000, 120000, 310000, 500000})


@dataclass(frozen=True, slots=True)
class Region:
    """One listed place; lon and lat in degrees, residents a head count."""

    code: int
    name: str
    english: str
    lon: float
    lat: float
    residents: int

    @property
    def level(self) -> str:
        """province, city, county or town."""
        if self.code > 999_999:
            return "town"
        if self.code % 10_000 == 0:
            return "province"
        return "city" if self.code % 100 == 0 else "county"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A place known for one trade: where it is, what it sells (a section's slug), and what happened there."""

    slug: str
    name: str
    english: str
    code: int
    section: str
    note: str


# Source: Li 2014, chapter 5; Zhang & Qiu 2024; World Bank & Alibaba 2019.
CLUSTERS = (
    Cluster("dongfeng", "东风村", "Dongfeng village", 320324109, "furniture-and-home",
            "ready-to-assemble furniture since 2007; over 300 shops by 2010"),
    Cluster("qingyanliu", "青岩刘村", "Qingyanliu village", 330782002, "household-consumables",
            "small commodities; college-trained sellers who share courier discounts"),
    Cluster("dinglou", "丁楼村", "Dinglou village", 371721121, "childrens-fashion",
            "stage costumes: a peak before Children's Day on 1 June"),
)  # fmt: skip


@cache
def table() -> dict[int, Region]:
    """Every listed region by its code, in the order of the file."""
    rows: dict[int, Region] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, name, english, lon, lat, residents = line.split("\t")
            rows[int(code)] = Region(
                int(code), name, english, float(lon), float(lat), int(residents) * 10_000
            )
    return rows


def _number(code: Code) -> int:
    """The code as an integer; -1 for anything that is not six or nine digits."""
    text = str(code)
    return int(text) if text.isascii() and text.isdigit() and len(text) in (6, 9) else -1


def _listed(code: Code) -> Region | None:
    """The region itself, or the nearest listed one above it, if the code may exist."""
    number = _number(code)
    rows = table()
    if number in rows:
        return rows[number]
    if number > 999_999:
        return _listed(number // 1_000) if number % 1_000 else None
    if number % 100 == 0:
        return None  # a prefecture or province that is not in the table does not exist
    if number // 10_000 * 10_000 in MUNICIPALITIES:
        return rows[number // 10_000 * 10_000]
    return rows.get(number // 100 * 100)


def valid(code: Code) -> bool:
    """True for a listed code, and for any county or town of a listed prefecture, county or municipality."""
    return _listed(code) is not None


def region(code: Code) -> Region:
    """The listed region a code stands for; KeyError when there is none."""
    found = _listed(code)
    if found is None:
        raise KeyError(f"no region has the code {code}")
    return found


def name(code: Code, language: str = "zh") -> str:
    """Its name; of an unlisted county, its prefecture's. language: zh or en."""
    place = region(code)
    return place.english if language == "en" else place.name


def province(code: Code) -> int:
    """The code of its province: 320324109 and 320300 give 320000."""
    number = region(code).code
    return (number // 1_000 if number > 999_999 else number) // 10_000 * 10_000


def city(code: Code) -> int:
    """The code of its prefecture; of a municipality or a directly governed county, its own."""
    number = region(code).code
    number = number // 1_000 if number > 999_999 else number
    prefecture = number // 100 * 100
    return prefecture if prefecture in table() else number


def path(code: Code, language: str = "zh") -> str:
    """Province, prefecture and place, as an address writes them: 江苏省 徐州市 睢宁县."""
    place = region(code)
    county = place.code // 1_000 if place.code > 999_999 else place.code
    steps = dict.fromkeys((province(code), city(code), county, place.code))
    names = [name(step, language) for step in steps]
    return " ".join(names) if language == "zh" else ", ".join(reversed(names))


def distance_km(a: Code, b: Code) -> float:
    """Great-circle kilometres between two places (their seats of government)."""
    return float(distances_km([_number(a)], [_number(b)])[0])


def distances_km(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """The same for arrays of codes of one broadcast shape; unknown codes raise KeyError."""
    lon_a, lat_a = _coordinates(a)
    lon_b, lat_b = _coordinates(b)
    half = np.sin((lat_b - lat_a) / 2) ** 2
    half = half + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    # Rounded to 10 metres: the last bits of a sine differ between machines, and costs are built on this.
    return np.round(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))), 2)


def _coordinates(codes: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    array = np.asarray(codes, dtype=np.int64)
    unique, back = np.unique(array, return_inverse=True)
    places = [region(int(code)) for code in unique]
    lon = np.array([math.radians(place.lon) for place in places])
    lat = np.array([math.radians(place.lat) for place in places])
    return lon[back].reshape(array.shape), lat[back].reshape(array.shape)


def population_weight(code: Code) -> float:
    """Its residents over those of all provinces: a share from 0 to 1 (2020 census, rounded)."""
    return region(code).residents / sum(place.residents for place in provinces())


def provinces() -> tuple[Region, ...]:
    """The 34 provinces, regions and municipalities, by code."""
    return tuple(place for place in table().values() if place.level == "province")


@cache
def homes() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where people live: codes of all prefectures, municipalities and other places that have none above
    them, and the residents of each. Counties inside a prefecture are not counted twice."""
    rows = [
        place
        for place in table().values()
        if place.level == "city"
        or place.code in MUNICIPALITIES
        or place.code in (710000, 810000, 820000)
        or (place.level == "county" and place.code // 100 * 100 not in table())
    ]
    return np.array([r.code for r in rows]), np.array([float(r.residents) for r in rows])


def sample(seed: int, members: ArrayLike, count: ArrayLike = 0) -> NDArray[np.int64]:
    """A home for each member (int64 codes), as often as people live there."""
    codes, weights = homes()
    return codes[random.choices(seed, "region.home", members, count, weights=weights)]
