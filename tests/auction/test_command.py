"""`./jishi auction`: JSON lines in, JSON lines out, for instances nobody here wrote."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.auction import lines
from search.auction.lines import answers, batches, drawn, encoded
from tests.auction import reference
from tests.auction.reference import columns, slots

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}", "JISHI_HOME": "/nonexistent"}
ENV = {name: value for name, value in ENV.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
COMMAND = [sys.executable, "-P", "-m", "jishi.cli.main", "auction"]


def line(**changes):
    said = {
        "mechanism": "gsp",
        "slots": [200, 100],
        "reserve_fen": 0,
        "increment_fen": 0,
        "bidders": [
            {"id": name, "bid_fen": bid, "quality": 1} for name, bid in (("a", 10), ("b", 4), ("c", 2))
        ],
    }
    return {**said, **changes}


def told(*said, explained=False):
    """Answers to lines that are dicts (written as JSON), texts or bytes."""
    raw = b"\n".join(
        each if isinstance(each, bytes) else (each if isinstance(each, str) else json.dumps(each)).encode()
        for each in said
    )
    found = [answer for batch in batches(io.BytesIO(raw)) for answer in answers(batch, explained=explained)]
    return [json.loads(encoded(answer)) for answer in found]


def run(text, *words):
    return subprocess.run(
        [*COMMAND, *words], input=text, env=ENV, cwd="/", capture_output=True, text=True, timeout=60
    )


# -- the command ------------------------------------------------------------------------------------------


def test_it_holds_the_textbook_auction_without_server_or_database():
    done = run(json.dumps(line()) + "\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "slots": [{"slot": 1, "id": "a", "price_fen": 4}, {"slot": 2, "id": "b", "price_fen": 2}],
        "vcg": [
            {"id": "a", "payment_fen": 600},
            {"id": "b", "payment_fen": 200},
            {"id": "c", "payment_fen": 0},
        ],
    }


def test_a_line_that_is_no_auction_answers_in_its_place_and_the_exit_code_is_1():
    done = run(f"{json.dumps(line())}\nnonsense\n{json.dumps(line())}\n", "--json")
    first, refused, last = map(json.loads, done.stdout.splitlines())
    assert first == last
    assert refused == {"line": 2, "error": "the line is not JSON: Expecting value: line 1 column 1 (char 0)"}
    assert done.returncode == 1
    assert done.stderr == "jishi: 1 of 3 lines were refused; each says why in its place.\n"


def test_nothing_in_nothing_out():
    done = run("\n \n")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_file_that_is_not_there_is_said_so():
    done = run("", "/nonexistent.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "jishi: There is no file /nonexistent.jsonl.\n"


def test_an_option_nobody_knows_is_wrong_usage():
    assert run("", "--loud").returncode == 2


def test_an_answer_comes_before_the_next_line_is_asked_for():
    """For whoever talks to it line by line over a pipe."""
    with subprocess.Popen(COMMAND, env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for bid in (10, 11):
            bidders = [{"id": "a", "bid_fen": bid, "quality": 1}]
            process.stdin.write(json.dumps(line(bidders=bidders, mechanism="first_price")).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["slots"][0]["price_fen"] == bid
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_django_and_the_database_driver_are_not_even_imported():
    code = (
        "import sys; from search.auction import lines; import jishi.cli.auction;"
        "print([name for name in sys.modules if name.partition('.')[0] in ('django', 'psycopg', 'celery')])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=ENV, cwd="/", capture_output=True, text=True
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.slow
def test_many_lines_take_no_more_memory_than_few():
    code = (
        "import resource, sys; from jishi.cli.main import main;"
        "sys.argv[1:] = ['auction'];"
        "main_ = __import__('atexit').register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,"
        " file=sys.stderr)); main()"
    )

    def peak(count):
        with subprocess.Popen(
            [sys.executable, "-P", "-c", code], env=ENV,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            row = (json.dumps(line()) + "\n").encode() * 1000
            for _ in range(count):
                process.stdin.write(row)
            process.stdin.close()
            return int(process.stderr.read().split()[-1])

    assert peak(60) < peak(6) * 1.15


# -- what it answers --------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    columns(), slots(), st.sampled_from(("gsp", "first_price", "vcg")), st.integers(0, 9), st.integers(0, 2)
)
def test_lines_are_answered_as_the_rules_say(bidders, clicks, mechanism, reserve, increment):
    bids, quality = bidders
    said = [{"id": n, "bid_fen": b, "quality": q} for n, (b, q) in enumerate(zip(bids, quality, strict=True))]
    [answer] = told(
        line(mechanism=mechanism, slots=clicks, reserve_fen=reserve, increment_fen=increment, bidders=said)
    )
    held = reference.hold(
        bids, quality, clicks, mechanism=mechanism, reserve=reserve, increment=increment,
        rounded=increment > 0,
    )  # fmt: skip
    assert [(slot["slot"], slot["id"], slot["price_fen"]) for slot in answer["slots"]] == [
        (n, sale.bidder, float(sale.price)) for n, sale in enumerate(held, 1)
    ]
    owed = {sale.bidder: reference.half_up(sale.payment) if increment else sale.payment for sale in held}
    assert {each["id"]: each["payment_fen"] for each in answer["vcg"]} == {
        n: float(owed.get(n, 0)) for n in range(len(bids))
    }


def test_decimals_are_taken_as_written():
    """In floats 0.1 x 3 is above 0.3, and the order would turn."""
    bidders = [{"id": "a", "bid_fen": 0.3, "quality": 1}, {"id": "b", "bid_fen": 0.1, "quality": 3}]
    [answer] = told(line(bidders=bidders))
    assert [(slot["id"], slot["price_fen"]) for slot in answer["slots"]] == [("a", 0.3), ("b", 0)]


def test_a_bidder_of_a_huge_number_is_priced_exactly_and_slows_nobody():
    big = [{"id": "a", "bid_fen": 10**39, "quality": 7}, {"id": "b", "bid_fen": 10**39 - 1, "quality": 7}]
    answer, usual = told(line(bidders=big, increment_fen=1), line())
    assert answer["slots"][0]["price_fen"] == 10**39
    assert usual["slots"][0]["price_fen"] == 4


def test_lines_of_all_shapes_keep_their_order():
    found = told(
        line(), line(bidders=[]), line(slots=[]), line(mechanism="vcg"), "0", line(slots=[9, 8, 7, 6, 5])
    )
    assert [len(answer.get("slots", ())) for answer in found] == [2, 0, 0, 2, 0, 3]


def test_drawn_ties_go_by_the_auction_s_number():
    bidders = [{"id": name, "bid_fen": 9, "quality": 1} for name in "abcdef"]
    drawn = [line(bidders=bidders, ties="drawn", seed=1, auction=n) for n in (*range(20), 3)]
    winners = [answer["slots"][0]["id"] for answer in told(*drawn)]
    assert len(set(winners)) > 3
    assert winners[3] == winners[20]


def test_explained_is_what_is_answered_and_more():
    [plain], [full] = told(line()), told(line(), explained=True)
    places = full.pop("explain")["places"]
    assert full == plain
    assert [place["price_fen"] for place in places] == [4, 2, None]
    assert [place["lowest_bid_fen"] for place in places] == [10, 3, 2]


def test_people_may_have_a_table_and_what_was_refused_stays_a_line():
    [full, refused] = told(line(), line(slots="none"), explained=True)
    text = drawn(full).decode()
    for place in full["explain"]["places"]:
        assert f"place {place['place']}: {place['why']}" in text
    assert "who" in text
    assert drawn(refused) == encoded(refused)


def test_what_would_take_minutes_to_explain_is_held_but_not_explained():
    bidders = [{"id": n, "bid_fen": n, "quality": 1} for n in range(201)]
    assert len(told(line(bidders=bidders))[0]["slots"]) == 2
    [refused] = told(line(bidders=bidders), explained=True)
    assert refused["error"] == "at most 200 bidders in 50 slots can be explained"


# -- hostile lines ----------------------------------------------------------------------------------------

BIDDER = {"id": "a", "bid_fen": 10, "quality": 1}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("[" * 100_000, "the line is nested too deeply"),
        ('{"slots": ' * 5_000, "the line is nested too deeply"),
        (b"\xff\xfe", "the line is not UTF-8"),
        (b"\x00\x00", "the line is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("1" * 5_000, "the line is not JSON: Exceeds the limit"),
        ("3", "a line is one object, not 3"),
        ("null", "a line is one object, not null"),
        ("{}", "mechanism is missing"),
        (line(mechanism="third_price"), 'mechanism is one of gsp, first_price, vcg, not "third_price"'),
        (line(mechanism=["gsp"]), "mechanism is one of gsp, first_price, vcg, not a list"),
        (line(slots=3), "slots must be a list, not 3"),
        (line(slots=[100, 200]), "slots[1] has more clicks than the slot above it; slots stand best first"),
        (line(slots=["x"]), 'slots[0] must be a number, not "x"'),
        (line(slots=[-1]), "slots[0] must not be negative: -1"),
        (line(reserve_fen=None), "reserve_fen must be a number, not null"),
        (line(increment_fen=True), "increment_fen must be a number, not true"),
        (
            line(increment_fen=1, reserve_fen=0.5),
            "reserve_fen must be whole fen, since increment_fen is not 0",
        ),
        (line(bidders={}), "bidders must be a list, not an object"),
        (line(bidders=[7]), "bidders[0] must be an object, not 7"),
        (line(bidders=[BIDDER, {"id": "b", "quality": 1}]), "bidders[1].bid_fen is missing"),
        (line(bidders=[BIDDER, BIDDER]), 'bidders[1].id repeats "a"'),
        (line(bidders=[{**BIDDER, "id": 1.5}]), "bidders[0].id must be a string or a whole number, not 1.5"),
        (
            line(bidders=[{**BIDDER, "id": None}]),
            "bidders[0].id must be a string or a whole number, not null",
        ),
        (line(bidders=[{**BIDDER, "bid_fen": -1}]), "bidders[0].bid_fen must not be negative: -1"),
        (line(bidders=[{**BIDDER, "bid_fen": "10"}]), 'bidders[0].bid_fen must be a number, not "10"'),
        (line(bidders=[{**BIDDER, "quality": {}}]), "bidders[0].quality must be a number, not an object"),
        (line(bidders=[{**BIDDER, "quality": 10**40}]), "bidders[0].quality has more than 40 digits"),
        (json.dumps(line(reserve_fen="?")).replace('"?"', "NaN"), "NaN is not a number"),
        (json.dumps(line(reserve_fen="?")).replace('"?"', "-Infinity"), "-Infinity is not a number"),
        (
            json.dumps(line(reserve_fen="?")).replace('"?"', "1e999999999"),
            "reserve_fen has more than 40 digits on a side of the point: 1E+999999999",
        ),
        (
            json.dumps(line(reserve_fen="?")).replace('"?"', "1e-41"),
            "reserve_fen has more than 40 digits on a side of the point: 1E-41",
        ),
        (
            json.dumps(line(reserve_fen="?")).replace('"?"', "1e99999999999999999999"),
            '"1e99999999999999999999" is beyond any number taken here',
        ),
        (line(increment_fen=1, bidders=[{**BIDDER, "bid_fen": 1.5}]), "bidders[0].bid_fen must be whole fen"),
        (line(ties="mine"), "ties is one of earlier_bid, later_bid, drawn"),
        (line(seed=2**64), "seed must be a whole number of 64 bits"),
        (line(capped=1), "capped must be true or false, not 1"),
    ],
)
def test_a_hostile_line_is_refused_in_words_and_the_next_is_held(said, words):
    refused, held = told(said, line())
    assert set(refused) == {"line", "error"}
    assert refused["line"] == 1
    assert refused["error"].startswith(words)
    assert [slot["price_fen"] for slot in held["slots"]] == [4, 2]


def test_a_line_without_end_is_refused_and_forgotten(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 2_000)
    monkeypatch.setattr(lines, "READ", 500)
    refused, held = told("[" * 50_000, line())
    assert (refused["line"], held["slots"][0]["price_fen"]) == (1, 4)
    assert "more than" in refused["error"]


def test_names_of_any_script_come_back_as_they_were():
    names = ["淘宝", "\ud800", "\u202eright", "", 7, "7", 2**70]
    bidders = [{"id": name, "bid_fen": 9, "quality": 1} for name in names]
    [answer] = told(line(bidders=bidders))
    assert [each["id"] for each in answer["vcg"]] == names


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(("gsp", "vcg", 10**39, 1e-30, 0)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from((*line(), "ties", "seed", "auction", "capped")), JUNK, max_size=3),
    st.dictionaries(st.sampled_from(("id", "bid_fen", "quality", "value_fen")), JUNK, max_size=4),
    st.booleans(),
)
@example({"increment_fen": 0}, {"bid_fen": 1e-40}, True)
def test_whatever_is_written_is_answered(changes, bidder, explained):
    [answer] = told(
        line(**{"bidders": [BIDDER, {**BIDDER, "id": "b", **bidder}], **changes}), explained=explained
    )
    assert set(answer) in ({"line", "error"}, {"slots", "vcg"}, {"slots", "vcg", "explain"})


def test_the_fraction_that_is_written_is_the_nearest_one():
    bidders = [{"id": "a", "bid_fen": 10, "quality": 3}, {"id": "b", "bid_fen": 10, "quality": 1}]
    [answer] = told(line(bidders=bidders))
    assert answer["slots"][0]["price_fen"] == float(Fraction(10, 3))
