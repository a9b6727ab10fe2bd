"""Randomness without a state: every draw is a pure function of (world seed, purpose, actor, count).

    uniform(seed, "buyer.arrives", member_id, hour)               one number in [0, 1)
    uniforms(seed, "buyer.arrives", member_ids, hour)             the same numbers, an array at a time
    choices(seed, "search.sort", member_ids, n, weights=(80, 10, 5, 2, 1))

How. The seed and the purpose are hashed (BLAKE2b) into the key of a Philox4x32-10 block cipher; actor and
count are its 128-bit counter (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
1, 2, 3"). There is no "next" draw, so nothing depends on who was asked first.

Promised, and tested:
- same arguments, same number: on every machine, in every process, under any PYTHONHASHSEED;
- adding, dropping or reordering actors changes nobody else's draws;
- the vector form gives each actor exactly the number the scalar form gives: bit for bit;
- normals, log-normals, exponentials and Poisson counts use `common.exact`, so they too are equal on every
  machine. `stream()` is the exception: its raw bits are fixed, but numpy may change how its distributions
  use them between releases. Nothing that ends in a state hash should draw from it.

Keys. A purpose is a string, or a tuple of strings and integers; actors and counts are integers of 64 bits
(negative ones allowed). In the scalar forms the last two integers of the key are actor and count, one
alone is the actor (count 0), and everything before them is the purpose. Two draws of one actor need two
purposes or two counts: the same key twice is the same number twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import exact

T = TypeVar("T")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Purpose = str | tuple[str | int, ...]

_LOW = 0xFFFFFFFF
_M0, _M1 = 0xD2511F53, 0xCD9E8D57  # Philox's multipliers
_W0, _W1 = 0x9E3779B9, 0xBB67AE85  # its key steps: the golden ratio, and the square root of three less one
_ROUNDS = 10
_FEW = 10  # actors that are drawn one by one sooner than an array of them is set up
_SLICE = 16_384  # actors worked on at a time: the working set then stays in the processor's cache


# -- keys ------------------------------------------------------------------------------------------------


def _digest(seed: int, parts: tuple[str | int, ...]) -> bytes:
    """128 bits from a seed and a tuple of strings and integers; every element is tagged with its length,
    so that ("a", "b") and ("ab",) and (1,) and ("1",) all differ."""
    hasher = blake2b(digest_size=16, person=b"jishi.random")
    for part in (seed, *parts):
        if isinstance(part, str):
            tag, body = b"s", part.encode()
        elif isinstance(part, (int, np.integer)):
            tag, body = b"i", str(int(part)).encode()
        else:
            raise TypeError(f"a random key is made of strings and integers, not {type(part).__name__}")
        hasher.update(tag + len(body).to_bytes(4, "big") + body)
    return hasher.digest()


@lru_cache(maxsize=4096)
def _key(seed: int, purpose: tuple[str | int, ...]) -> tuple[int, int]:
    """The two 32-bit words of the cipher's key."""
    digest = _digest(seed, purpose)
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def _purpose(purpose: Purpose) -> tuple[str | int, ...]:
    return (purpose,) if isinstance(purpose, str) else tuple(purpose)


def _split(key: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], int, int]:
    """(purpose, actor, count): at most two trailing integers are the counter."""
    counters: list[int] = []
    end = len(key)
    while end and len(counters) < 2 and isinstance(key[end - 1], (int, np.integer)):
        end -= 1
        counters.insert(0, int(key[end]))
    for value in counters:
        if not -(1 << 63) <= value < 1 << 64:
            raise ValueError(f"actor and count have 64 bits; {value} has more")
    actor, count = (*counters, 0, 0)[:2]
    return key[:end], actor & ((1 << 64) - 1), count & ((1 << 64) - 1)


# -- the cipher: once for one block, once for an array of them --------------------------------------------


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 on one block: four counter words, two key words and four output words of 32 bits."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _LOW, (p0 >> 32) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


def philox_array(
    c0: Words, c1: Words, c2: Words, c3: Words, key: tuple[int, int] | tuple[Words, Words]
) -> tuple[Words, ...]:
    """The same on arrays: words of 32 bits held in uint64. The key too may be arrays: each counter's own."""
    m0, m1, low, half = np.uint64(_M0), np.uint64(_M1), np.uint64(_LOW), np.uint64(32)
    w0, w1 = np.uint64(_W0), np.uint64(_W1)
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    for _ in range(_ROUNDS):
        p0, p1 = c0 * m0, c2 * m1
        c0, c2 = (p1 >> half) ^ c1 ^ k0, (p0 >> half) ^ c3 ^ k1
        c1, c3 = p1 & low, p0 & low
        k0, k1 = (k0 + w0) & low, (k1 + w1) & low
    return c0, c1, c2, c3


def _words(values: ArrayLike) -> Words:
    array = np.asarray(values)
    if array.dtype.kind not in "iub" and array.size:
        raise TypeError(f"actors and counts are integers, not {array.dtype}")
    return array.astype(np.int64).view(np.uint64) if array.dtype.kind != "u" else array.astype(np.uint64)


# -- one draw --------------------------------------------------------------------------------------------


def uniform(seed: int, *key: str | int) -> float:
    """One number in [0, 1), a multiple of 2**-53. Equal to `uniforms(seed, purpose, [actor], count)[0]`."""
    purpose, actor, count = _split(key)
    return _drawn(actor, count, _key(seed, purpose))


def _drawn(actor: int, count: int, key: tuple[int, int]) -> float:
    """The number of this counter: actor and count are of 64 bits, none negative."""
    high, low, _, _ = philox((actor & _LOW, actor >> 32, count & _LOW, count >> 32), key)
    return ((high << 32 | low) >> 11) * 2.0**-53


def integer(seed: int, bound: int, *key: str | int) -> int:
    """One whole number from 0 to bound - 1; bound from 1 to 2**53."""
    if not 1 <= bound <= 1 << 53:
        raise ValueError(f"the bound must lie between 1 and 2**53, not {bound}")
    return int(uniform(seed, *key) * bound)


def normal(seed: int, *key: str | int) -> float:
    """One standard normal number."""
    return float(_as_normal(np.array([uniform(seed, *key)]))[0])


def pick(seed: int, options: Sequence[T], *key: str | int) -> T:
    """One of the options, each as likely as the other; no options is a ValueError."""
    return options[integer(seed, len(options), *key)]


def derive(seed: int, *key: str | int) -> int:
    """A new seed (0 to 2**63 - 1) for a part of the world: a fork's population, a scenario's section."""
    return int.from_bytes(_digest(seed, ("derive", *key))[:8], "little") >> 1


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """A numpy generator for work outside the state hash (benchmarks, bootstrap intervals, test data)."""
    return np.random.Generator(
        np.random.Philox(key=int.from_bytes(_digest(seed, ("stream", *key)), "little"))
    )


# -- many draws: arrays of the broadcast shape of actors, count and any parameter -------------------------


def uniforms(seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0) -> Floats:
    """Numbers in [0, 1): float64 in the broadcast shape of actors and count."""
    who, which = np.broadcast_arrays(_words(actors), _words(count))
    key = _key(seed, _purpose(purpose))
    flat_who, flat_which = who.reshape(-1), which.reshape(-1)
    if who.size <= _FEW:
        few = [_drawn(a, n, key) for a, n in zip(flat_who.tolist(), flat_which.tolist(), strict=True)]
        return np.array(few, dtype=np.float64).reshape(who.shape)
    drawn = np.empty(who.size, dtype=np.float64)
    for start in range(0, who.size, _SLICE):
        part = slice(start, start + _SLICE)
        drawn[part] = _drawn_array(flat_who[part], flat_which[part], key)
    return drawn.reshape(who.shape)


def _drawn_array(actors: Words, counts: Words, key: tuple[int, int] | tuple[Words, Words]) -> Floats:
    """As `_drawn`, for arrays."""
    low, half, drop = np.uint64(_LOW), np.uint64(32), np.uint64(11)
    first, second, _, _ = philox_array(actors & low, actors >> half, counts & low, counts >> half, key)
    return np.asarray(((first << half | second) >> drop) * 2.0**-53)


def uniforms_of(
    seed: int, purposes: Sequence[Purpose], actors: ArrayLike, count: ArrayLike = 0
) -> list[Floats]:
    """What `uniforms` draws for each of the purposes: one pass over all of them, so that a handful of actors who need many
    draws cost little more than one of them."""
    who, which = np.broadcast_arrays(_words(actors), _words(count))
    if who.size * len(purposes) > _SLICE or not purposes:
        return [uniforms(seed, purpose, actors, count) for purpose in purposes]
    keys = np.array([_key(seed, _purpose(purpose)) for purpose in purposes], dtype=np.uint64)
    drawn = _drawn_array(who.reshape(1, -1), which.reshape(1, -1), (keys[:, :1], keys[:, 1:]))
    return [row.reshape(who.shape) for row in drawn]


def integers(
    seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0, *, bound: ArrayLike
) -> Integers:
    """Whole numbers from 0 to bound - 1; bound (1 to 2**53) may differ by actor."""
    bounds = np.asarray(bound)
    if bounds.size and (bounds.min() < 1 or bounds.max() > 1 << 53):
        raise ValueError("every bound must lie between 1 and 2**53")
    return (uniforms(seed, purpose, actors, count) * bounds).astype(np.int64)


def chances(
    seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0, *, probability: ArrayLike
) -> NDArray[np.bool_]:
    """True with the given probability: never at 0, always at 1."""
    return uniforms(seed, purpose, actors, count) < np.asarray(probability)


def choices(
    seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0, *, weights: ArrayLike
) -> Integers:
    """Indices into `weights`, each as likely as its weight; a weight of 0 is never chosen.

    weights: shape (k,) for everyone, or (n, k) with a row for each of n actors. Negative weights, or none
    above zero, raise ValueError.
    """
    table = np.asarray(weights, dtype=np.float64)
    edges = np.cumsum(table, axis=-1)
    total = edges[..., -1:] if table.shape[-1:] != (0,) else np.zeros(1)
    if table.size == 0 or bool(np.any(table < 0)) or not bool(np.all(total > 0)):
        raise ValueError("weights must not be negative, and one must be above zero")
    last = table.shape[-1] - 1 - np.argmax((table > 0)[..., ::-1], axis=-1)  # rounding may reach the end
    drawn = uniforms(seed, purpose, actors, count)
    if table.ndim == 1:
        return np.minimum(np.searchsorted(edges, drawn * total[0], side="right"), last).astype(np.int64)
    return np.minimum((edges <= drawn[:, None] * total).sum(axis=1), last).astype(np.int64)


def normals(
    seed: int,
    purpose: Purpose,
    actors: ArrayLike,
    count: ArrayLike = 0,
    *,
    mean: ArrayLike = 0.0,
    sd: ArrayLike = 1.0,
) -> Floats:
    """Normal numbers by inverting the distribution, so a higher uniform draw is a higher normal one."""
    return np.asarray(mean) + np.asarray(sd) * _as_normal(uniforms(seed, purpose, actors, count))


def log_normals(
    seed: int,
    purpose: Purpose,
    actors: ArrayLike,
    count: ArrayLike = 0,
    *,
    log_mean: ArrayLike = 0.0,
    log_sd: ArrayLike = 1.0,
) -> Floats:
    """e to a normal number; log_mean is the log of the median."""
    return exact.exp(normals(seed, purpose, actors, count, mean=log_mean, sd=log_sd))


def exponentials(
    seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0, *, mean: ArrayLike = 1.0
) -> Floats:
    """Waiting times with the given mean; never 0."""
    return np.asarray(mean) * -exact.log(_open(uniforms(seed, purpose, actors, count)))


def poissons(
    seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0, *, rate: ArrayLike
) -> Integers:
    """Counts of independent happenings with the given expectation, 0 to 600 (more: use `normals`)."""
    rates = np.asarray(rate, dtype=np.float64)
    if rates.size and (rates.min() < 0 or rates.max() > 600):
        raise ValueError("a rate lies between 0 and 600")
    drawn = uniforms(seed, purpose, actors, count)
    rates = np.broadcast_to(rates, drawn.shape)
    tally = np.zeros(drawn.shape, dtype=np.int64)
    mass = exact.exp(-rates)
    reached = mass.copy()
    open_ = drawn >= reached
    k = 0
    while bool(open_.any()):  # ends: beyond the bulk the mass underflows and `reached` stops growing
        k += 1
        mass = mass * rates / k
        grown = reached + mass
        tally += open_
        open_ &= (drawn >= grown) & ((grown > reached) | (k < rates))
        reached = grown
    return tally


def shuffled(seed: int, purpose: Purpose, actors: ArrayLike, count: ArrayLike = 0) -> Integers:
    """The positions of `actors` in a random order; ties (2**-53) keep their given order."""
    return np.argsort(uniforms(seed, purpose, actors, count), kind="stable")


def _open(drawn: Floats) -> Floats:
    """[0, 1) to (0, 1): the middle of the 2**-52 wide cell the draw fell into."""
    return (np.floor(drawn * 2.0**52) + 0.5) * 2.0**-52


def _as_normal(drawn: Floats) -> Floats:
    return exact.inverse_normal(_open(drawn))
