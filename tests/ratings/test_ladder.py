"""The twenty levels, at every bound of the thesis's table."""

from __future__ import annotations

import pytest

from common.batch import rows
from ratings.rules import CLASSES, LADDER, Grade, grade, level, to_next
from regime.shipped import shipped

# Li 2014, Appendix C, as printed: each level's least and most points.
TABLE = (
    (4, 10), (11, 40), (41, 90), (91, 150), (151, 250),
    (251, 500), (501, 1_000), (1_001, 2_000), (2_001, 5_000), (5_001, 10_000),
    (10_001, 20_000), (20_001, 50_000), (50_001, 100_000), (100_001, 200_000), (200_001, 500_000),
    (500_001, 1_000_000), (1_000_001, 2_000_000), (2_000_001, 5_000_000), (5_000_001, 10_000_000),
    (10_000_001, 10**12),
)  # fmt: skip
BOUNDS = [(points, n) for n, (least, most) in enumerate(TABLE, 1) for points in (least, most)]


@pytest.mark.parametrize(("points", "reached"), [(-5, 0), (0, 0), (3, 0), *BOUNDS])
def test_every_bound_of_the_ladder(points: int, reached: int) -> None:
    assert level(points) == reached
    badge = grade(points)
    assert badge == (Grade(reached, CLASSES[(reached - 1) // 5], (reached - 1) % 5 + 1) if reached else None)


def test_the_regime_ships_the_ladder_of_the_thesis() -> None:
    assert shipped("thesis-2010").regime.credit.ladder_points == LADDER


def test_sql_climbs_the_same_ladder(db: None) -> None:
    points = [points + step for points, _ in BOUNDS for step in (-1, 0, 1)]
    found = rows(
        "SELECT width_bucket(p, %s::bigint[]) FROM unnest(%s::bigint[]) WITH ORDINALITY u(p, n) ORDER BY n",
        [list(LADDER), points],
    )
    assert [row[0] for row in found] == [level(p) for p in points]


@pytest.mark.parametrize(
    ("points", "missing"), [(-2, 6), (3, 1), (4, 7), (10, 1), (10_000_000, 1), (10_000_001, None)]
)
def test_what_is_missing_to_the_next_level(points: int, missing: int | None) -> None:
    assert to_next(points) == missing
