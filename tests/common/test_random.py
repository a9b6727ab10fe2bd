"""Counter-based randomness: the promises of common.random, one claim a test."""

import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import exact, random

SEED = 20100607
PINNED_UNIFORM, PINNED_SEED, PINNED_NORMAL = 0.8368145324543943, 8297215126724329104, 0.9814498875874778
actors_lists = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40)
few = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # the published known answers of Philox4x32-10
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_cipher_gives_the_published_answers(counter, key, words):
    assert random.philox(counter, key) == words
    arrays = random.philox_array(*(np.array([w], dtype=np.uint64) for w in counter), key)
    assert tuple(int(a[0]) for a in arrays) == words


def test_draws_are_pinned_so_that_old_seeds_keep_their_worlds():
    assert random.uniform(SEED, "pin", 7, 3) == PINNED_UNIFORM
    assert random.derive(SEED, "pin") == PINNED_SEED
    assert random.normal(SEED, "pin", 7, 3) == PINNED_NORMAL


@few
@given(actors=actors_lists, count=st.integers(0, 2**63 - 1), seed=st.integers(-(2**70), 2**70))
def test_scalar_and_vector_agree_bit_for_bit(actors, count, seed):
    assert random.uniforms(seed, "p", actors, count).tolist() == [
        random.uniform(seed, "p", a, count) for a in actors
    ]
    assert random.normals(seed, "p", actors, count).tolist() == [
        random.normal(seed, "p", a, count) for a in actors
    ]


@few
@given(actors=st.lists(st.integers(0, 10**6), min_size=2, max_size=40, unique=True), data=st.data())
def test_neither_order_nor_company_moves_a_draw(actors, data):
    before = dict(zip(actors, random.uniforms(SEED, "p", actors, 5), strict=True))
    others = [*data.draw(st.permutations(actors))[: max(1, len(actors) // 2)], 10**7, 10**7 + 1]
    after = dict(zip(others, random.uniforms(SEED, "p", others, 5), strict=True))
    assert all(after[a] == before[a] for a in others if a in before)


def test_long_arrays_are_cut_without_a_seam():
    actors = np.arange(40_000)
    drawn = random.uniforms(SEED, "p", actors, 1)
    for actor in (0, 16_383, 16_384, 32_767, 32_768, 39_999):
        assert drawn[actor] == random.uniform(SEED, "p", actor, 1)


@few
@given(
    actors=actors_lists, count=st.integers(0, 2**63 - 1), purposes=st.lists(st.text(max_size=8), max_size=9)
)
def test_many_purposes_at_once_draw_what_each_draws_alone(actors, count, purposes):
    together = random.uniforms_of(SEED, purposes, actors, count)
    alone = [random.uniforms(SEED, purpose, actors, count) for purpose in purposes]
    assert [row.tolist() for row in together] == [row.tolist() for row in alone]


def test_many_purposes_of_many_actors_are_cut_without_a_seam():
    actors = np.arange(20_000).reshape(200, 100)
    together = random.uniforms_of(SEED, ["a", ("b", 1)], actors, 3)
    for row, purpose in zip(together, ["a", ("b", 1)], strict=True):
        assert np.array_equal(row, random.uniforms(SEED, purpose, actors, 3))


@pytest.mark.parametrize("size", [1, random._FEW, random._FEW + 1])
def test_a_few_drawn_one_by_one_are_drawn_as_an_array_draws_them(size):
    actors = np.arange(size + random._FEW) - 3
    few_of_them = random.uniforms(SEED, "few", actors[:size], 7)
    assert few_of_them.tolist() == random.uniforms(SEED, "few", actors, 7)[:size].tolist()


def test_actors_and_counts_broadcast():
    grid = random.uniforms(SEED, "p", np.arange(3)[:, None], np.arange(4)[None, :])
    assert grid.shape == (3, 4)
    assert grid[2, 3] == random.uniform(SEED, "p", 2, 3)


def test_every_part_of_the_key_matters():
    keys = [
        ("a", 1, 2),
        ("a", 2, 1),
        ("b", 1, 2),
        ("a", "b", 1, 2),
        ("ab", 1, 2),
        ("a", 1, 1, 2),
        ("a", "1", 1, 2),
    ]
    assert len({random.uniform(SEED, *key) for key in keys}) == len(keys)
    assert random.uniform(SEED, *keys[0]) != random.uniform(SEED + 1, *keys[0])


def test_a_missing_count_is_zero():
    assert (
        random.uniform(SEED, "a", 9) == random.uniform(SEED, "a", 9, 0) == random.uniforms(SEED, "a", [9])[0]
    )


def test_negative_actors_are_the_same_in_both_forms():
    assert random.uniforms(SEED, "a", np.array([-1]))[0] == random.uniform(SEED, "a", -1)


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_another_process_draws_the_same(hash_seed):
    code = "from common import random; print(random.uniform(20100607, 'pin', 7, 3).hex())"
    root = Path(__file__).resolve().parents[2]
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{root}:{root / 'platform'}"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == PINNED_UNIFORM.hex()


@pytest.mark.parametrize("axis", ["actors", "counts", "purposes"])
def test_draws_are_uniform_along_every_part_of_the_key(axis):
    n, bins = 20_000, 100
    if axis == "actors":
        drawn = random.uniforms(SEED, "chi", np.arange(n), 0)
    elif axis == "counts":
        drawn = random.uniforms(SEED, "chi", 0, np.arange(n))
    else:
        drawn = np.array([random.uniform(SEED, f"chi{i}", 0) for i in range(n)])
    seen = np.histogram(drawn, bins=bins, range=(0, 1))[0]
    chi_square = float(((seen - n / bins) ** 2 / (n / bins)).sum())
    assert 99 - 5 * math.sqrt(198) < chi_square < 99 + 5 * math.sqrt(198)  # 99 degrees of freedom, 5 sigma


def test_neighbouring_actors_are_not_correlated():
    drawn = random.uniforms(SEED, "p", np.arange(20_001), 0)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 5 / math.sqrt(20_000)


def test_normals_have_the_moments_asked_for():
    drawn = random.normals(SEED, "p", np.arange(50_000), mean=3.0, sd=2.0)
    assert abs(drawn.mean() - 3.0) < 5 * 2 / math.sqrt(50_000)
    assert abs(drawn.std() - 2.0) < 0.04


def test_log_normals_have_the_median_asked_for():
    drawn = random.log_normals(SEED, "p", np.arange(50_000), log_mean=math.log(4_900), log_sd=1.2)
    assert abs(np.log(np.median(drawn)) - math.log(4_900)) < 0.04


def test_exponentials_have_the_mean_asked_for_and_are_never_zero():
    drawn = random.exponentials(SEED, "p", np.arange(50_000), mean=13.0)
    assert abs(drawn.mean() - 13.0) < 5 * 13 / math.sqrt(50_000)
    assert drawn.min() > 0


@pytest.mark.parametrize("rate", [0.0, 0.3, 4.0, 60.0, 600.0])
def test_poissons_have_mean_and_variance_equal_to_the_rate(rate):
    drawn = random.poissons(SEED, "p", np.arange(20_000), rate=rate)
    assert abs(drawn.mean() - rate) <= 5 * math.sqrt(rate / 20_000)
    assert abs(drawn.var() - rate) <= 0.06 * rate


def test_choices_follow_the_weights_and_never_take_a_zero():
    drawn = random.choices(SEED, "sort", np.arange(50_000), weights=(80, 0, 15, 5, 0))
    share = np.bincount(drawn, minlength=5) / 50_000
    assert np.allclose(share, (0.80, 0, 0.15, 0.05, 0), atol=0.01)
    assert share[1] == share[4] == 0


def test_choices_may_have_weights_of_their_own_for_each_actor():
    weights = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]] * 50)
    assert random.choices(SEED, "c", np.arange(150), weights=weights).tolist() == [0, 1, 2] * 50
    same = np.tile((3.0, 1.0, 2.0), (500, 1))
    assert (
        random.choices(SEED, "c", np.arange(500), weights=same).tolist()
        == random.choices(SEED, "c", np.arange(500), weights=(3.0, 1.0, 2.0)).tolist()
    )


@pytest.mark.parametrize("weights", [(), (0, 0), (1, -1)])
def test_choices_refuse_weights_that_mean_nothing(weights):
    with pytest.raises(ValueError, match="weights"):
        random.choices(SEED, "c", [1], weights=weights)


def test_integers_stay_below_their_own_bound():
    bounds = np.tile([1, 2, 7], 1_000)
    drawn = random.integers(SEED, "i", np.arange(3_000), bound=bounds)
    assert drawn.min() == 0
    assert (drawn < bounds).all()
    assert set(drawn[bounds == 7]) == set(range(7))
    with pytest.raises(ValueError, match="bound"):
        random.integers(SEED, "i", [1], bound=0)


def test_chances_are_certain_at_the_ends():
    assert not random.chances(SEED, "c", np.arange(1_000), probability=0.0).any()
    assert random.chances(SEED, "c", np.arange(1_000), probability=1.0).all()


def test_a_shuffle_is_a_permutation_and_moves_something():
    order = random.shuffled(SEED, "s", np.arange(100))
    assert sorted(order) == list(range(100))
    assert list(order) != list(range(100))


def test_pick_reaches_every_option_and_refuses_none():
    assert {random.pick(SEED, "abc", "p", i) for i in range(60)} == set("abc")
    with pytest.raises(ValueError, match="bound"):
        random.pick(SEED, "", "p", 1)


def test_a_stream_is_the_generator_of_its_key_alone():
    assert random.stream(SEED, "b", 1).random(3).tolist() == random.stream(SEED, "b", 1).random(3).tolist()
    assert random.stream(SEED, "b", 1).random() != random.stream(SEED, "b", 2).random()


def test_keys_of_another_kind_are_refused():
    with pytest.raises(TypeError, match="strings and integers"):
        random.uniform(SEED, "p", 1.5)
    with pytest.raises(TypeError, match="integers"):
        random.uniforms(SEED, "p", np.array([1.5]))
    with pytest.raises(ValueError, match="64 bits"):
        random.uniform(SEED, "p", 2**64)


@few
@given(st.floats(-690, 690))
def test_exact_exp_and_log_are_close_to_the_library_and_undo_each_other(x):
    value = float(exact.exp(x))
    assert value == pytest.approx(math.exp(x), rel=1e-13)
    assert float(exact.log(value)) == pytest.approx(x, rel=1e-12, abs=1e-14)


@few
@given(st.floats(1e-300, 1 - 1e-15, exclude_min=True))
def test_the_inverse_normal_is_close_to_the_library(p):
    assert float(exact.inverse_normal(p)) == pytest.approx(
        statistics.NormalDist().inv_cdf(p), rel=1e-11, abs=1e-14
    )


@pytest.mark.parametrize(
    ("function", "bad"),
    [
        (exact.log, 0.0),
        (exact.log, -1.0),
        (exact.exp, 701.0),
        (exact.inverse_normal, 0.0),
        (exact.inverse_normal, 1.0),
    ],
)
def test_exact_functions_refuse_what_they_cannot_answer(function, bad):
    with pytest.raises(ValueError, match="needs"):
        function(bad)


def test_a_hundred_thousand_draws_take_well_under_a_second():
    started = perf_counter()
    random.uniforms(SEED, "speed", np.arange(100_000), 0)
    assert perf_counter() - started < 0.5
