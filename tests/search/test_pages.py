"""First pages of many searches at once: what each search gives alone, to the last place."""

from __future__ import annotations

import orjson
import pytest

from common import random, words
from search import recompute
from search.queries.asked import Asked, now
from search.queries.find import MATCHED, find
from search.queries.pages import pages
from search.rules import SORTS
from tests.search.street import SOFA, WARDROBE, Street
from traffic.actions import NONE

SAID = ("衣柜", "沙发", "布艺", "实木", "简易", "红木", "香蕉", "wardrobes", "客厅")


@pytest.fixture
def filled(street: Street) -> Street:
    """Goods of two kinds whose titles say one word to four."""
    for n, drawn in enumerate(random.integers(1, "test.pages", range(60), bound=256).tolist()):
        title = " ".join(dict.fromkeys(SAID[drawn >> shift & 3] for shift in (0, 2, 4, 6)))
        more = {"tags": ["客厅"]} if n % 4 == 0 else {}
        kind = SOFA if "沙发" in title else WARDROBE
        street.listed(
            f"{title} {n % 7}", shop=f"店{n % 5}", price_fen=1_000 + drawn, category_id=kind, **more
        )
    street.stands("店1", level=9, points=400)
    street.do(recompute.run, full=True)
    return street


def test_a_hundred_pages_are_what_each_search_gives(filled: Street) -> None:
    drawn = random.integers(2, "test.pages", range(400), bound=len(SAID)).reshape(100, 4).tolist()
    pool, _ = words.query_pool(7)
    asked = [Asked(" ".join(SAID[w] for w in each[: 1 + n % 4])) for n, each in enumerate(drawn)]
    asked += [Asked(q) for q in ("", "!!", "红衣柜子", "没有的东西", "衣柜", "衣柜 香蕉 没有", *pool[:20])]
    asked += [
        Asked("衣柜", filters) for filters in ({"section": 15}, {"section": 1}, {"price_from_fen": 1_100})
    ]
    asked += [Asked(each.q, sort=sort) for sort in SORTS for each in asked[:8]]

    def agrees() -> set[str]:
        moment = now()
        alone = [find(Asked(each.q, each.filters, each.sort, 9), moment) for each in asked]
        many = pages(asked, limit=9, now=moment)
        assert many.shape == (len(asked), 9)
        assert [[n for n in row if n != NONE] for row in many.tolist()] == [
            [row["listing"] for row in orjson.loads(page.results)] for page in alone
        ]
        return {page.matched for page in alone}

    assert agrees() == set(MATCHED)
    filled.only(credit_weight_bps=500, relevance_weight_bps=300)
    assert agrees() == set(MATCHED)
    assert pages([], limit=3, now=now()).shape == (0, 3)
