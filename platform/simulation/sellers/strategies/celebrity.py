"""The celebrity: the shop lives by being known.

Posts, albums and a name bring people who did not search: attention earned by content, not bought and not ranked. Followers
grow with what is posted and with what is sold, and fade slowly. Until the community has an app of its own, posts are not
rows: `followers` tells how many buyers follow each shop, and buyers draw their visits from the community by it.
(Li 2014, 5.2: celebrity shops; table 6-2: attention by user content.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from common import exact
from common.moments import day_of, start_of
from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Floats, Ints
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared, web_experience

SHARE_A_POST = 0.00006  # of all buyers, whom a post of a skilled hand wins (assumption)
SHARE_A_SALE = 0.3  # of those who bought lately, follow (assumption)
FADES_DAYS = 120.0  # a post's followers stay for so long (assumption)


def every(scene: Scene, mine: Ints) -> Floats:
    return 7.0 / np.maximum(nature.nature(scene).told("posts_a_week", 3.0)[mine], 0.1)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    """On a day with a post the goods of the post are shown at their best."""
    yield from shared.decorate(scene, seen, mine)
    yield from shared.showcase(scene, seen, mine)
    yield from web_experience.rewrite(scene, mine, seen)


def followers(scene: Scene) -> Floats:
    """How many buyers follow each seller's shop; 0 for shops of others, and for those that are gone."""
    kept = scene.kept.get("celebrity.followers")
    if kept is None or kept[0] is not scene.shelf or kept[1] is not scene.seller_shop:
        kept = scene.kept["celebrity.followers"] = (scene.shelf, scene.seller_shop, _followers(scene))
    found: Floats = kept[2]
    return found


def _followers(scene: Scene) -> Floats:
    kind, there, crowd = nature.nature(scene), scene.people.sellers, scene.people.buyers.count
    known = kind.are("celebrity") & (scene.seller_shop > 0) & ~scene.seller_left
    today = start_of(day_of(scene.at)).timestamp()  # the same all day, whenever it is asked
    days = np.maximum((today - scene.seller_entered) // 86_400, 0.0)
    shared_before = kind.told("follower_share", 0.0) * crowd
    posts = kind.told("posts_a_week", 0.0) / 7.0
    lasting = FADES_DAYS * (1.0 - exact.exp(-np.minimum(days, 50_000.0) / FADES_DAYS))
    won = posts * lasting * (0.3 + there.skill) * SHARE_A_POST * crowd
    sold = nature.sold_lately(scene) * SHARE_A_SALE
    return np.where(known, np.minimum(shared_before + won + sold, float(crowd)), 0.0)
