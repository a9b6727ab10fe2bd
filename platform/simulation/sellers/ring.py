"""Who buys for whom without wanting the goods: a brusher's own second accounts, a hired ring, a group of sellers.

Nobody but the seller (and the log of decisions) knows: in the market's tables a helper is a buyer like others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.scene import Scene
from simulation.sellers.nature import Bools, Ints, nature

MEANS = ("alone", "ring", "crowd")


@dataclass(frozen=True, eq=False)
class Groups:
    """`of_seller`: the group of each seller, -1 for the honest. A group's helpers are `member[first[g]:first[g + 1]]`.

    `sorted_member` and `sorted_group`: the same from the other side.
    """

    of_seller: Ints
    means: Ints
    first: Ints
    member: Ints
    sorted_member: Ints
    sorted_group: Ints


def groups(scene: Scene) -> Groups:
    key = (scene.ring, scene.seller_member)
    kept = scene.kept.get("sellers.groups")
    if kept is None or kept[0][0] is not key[0] or kept[0][1] is not key[1]:
        kept = scene.kept["sellers.groups"] = (key, _groups(scene))
    found: Groups = kept[1]
    return found


def _groups(scene: Scene) -> Groups:
    """One alone is a group with helpers of its own; a row of the scenario that hires, or chats, is one together.

    Accounts for hire are given out in the order of the scenario's rows, as `found.ring_size` counts them.
    """
    kind = nature(scene)
    of_seller = np.full(len(kind.way), -1, dtype=np.int64)
    means: list[int] = []
    members: list[Ints] = []
    taken = 0
    for n, row in enumerate(kind.rows):
        if row.strategy != "brusher":
            continue
        mine = np.flatnonzero(kind.row == n)
        how, helpers = row.settings.get("means", "alone"), int(row.settings.get("helpers", 5))
        if how == "crowd":
            of_seller[mine] = len(means)
            means.append(MEANS.index(how))
            members.append(scene.seller_member[mine])
            continue
        split = [mine[k : k + 1] for k in range(len(mine))] if how == "alone" else [mine]
        for some in split:
            of_seller[some] = len(means)
            means.append(MEANS.index(how))
            members.append(scene.ring[taken : taken + helpers * len(some)])
            taken += helpers * len(some)
    members = [m[m > 0] for m in members]
    member = np.concatenate(members) if members else np.zeros(0, dtype=np.int64)
    sizes = np.array([len(m) for m in members], dtype=np.int64)
    order = np.argsort(member, kind="stable")
    return Groups(
        of_seller=of_seller,
        means=np.array(means, dtype=np.int64),
        first=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        member=member,
        sorted_member=member[order],
        sorted_group=np.repeat(np.arange(len(sizes)), sizes)[order],
    )


def fakes(scene: Scene, number: Ints, buyer: Ints) -> Bools:
    """Which trades of sellers `number` with members `buyer` never were trades."""
    there = groups(scene)
    if not len(there.member):
        return np.zeros(len(number), dtype=bool)
    at = np.minimum(np.searchsorted(there.sorted_member, buyer), len(there.sorted_member) - 1)
    group = np.where(there.sorted_member[at] == buyer, there.sorted_group[at], -2)
    same: Bools = group == there.of_seller[number]
    return same
