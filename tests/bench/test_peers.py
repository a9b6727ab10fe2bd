"""Other shops are guests: nothing of theirs in our pins, and no bench fails for want of them."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing, suppress

import orjson
import pytest

from bench import peers
from bench.peers import client, place
from bench.peers.words import ALL, GOODS, catalogue
from tests.house.places import ROOT


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine on which no peer was ever installed."""
    monkeypatch.setattr(place, "ROOT", tmp_path)
    peers.rates.cache_clear()
    yield tmp_path
    peers.rates.cache_clear()


def test_an_absent_peer_gives_no_figure_but_says_how_to_have_one(bare, capsys):
    for name in peers.PEERS:
        assert peers.rates(name) is None
        assert f"python -m bench.peers install {name}" in capsys.readouterr().err


def test_one_that_cannot_be_had_says_why(capsys):
    assert peers.rates("saleor") is None
    assert "no release" in capsys.readouterr().err


def test_the_table_has_a_row_of_words_for_every_absent_peer(bare):
    found = peers.rows()
    assert [row["value"] for row in found] == ["-"] * (len(peers.PEERS) + len(peers.ABSENT))
    assert all(row["note"] and row["ok"] for row in found)


def test_a_peer_that_falls_costs_us_no_figure_of_our_own(bare, monkeypatch, capsys):
    def falls(self, base, seed):
        raise client.PeerError("its page was empty")

    monkeypatch.setattr(place.Place, "installed", lambda self: True)
    monkeypatch.setattr(place.Place, "database", falls)
    monkeypatch.setattr(peers, "BROKEN", {})
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere/none")
    rows = [row for row in peers.rows() if "saleor" not in row["bench"]]
    assert len(rows) == len(peers.PEERS)
    assert all(not row["ok"] and "its page was empty" in row["note"] for row in rows)
    assert "its page was empty" in capsys.readouterr().err


def test_a_peer_is_installed_once_and_again_when_its_pins_change(bare, monkeypatch):
    ours = bare / "ours"
    (ours / "some").mkdir(parents=True)
    (ours / "some" / "pins.txt").write_text("one==1\n")
    monkeypatch.setattr(place, "PEERS", ours)
    some, made = place.Place("some", ("pins.txt",)), []
    for pins in ("one==1\n", "one==1\n", "one==2\n"):
        (ours / "some" / "pins.txt").write_text(pins)
        some.install(lambda: made.append(1))
        assert some.installed()
    assert len(made) == 2


def test_an_installation_that_fails_is_not_taken_for_one(bare):
    some = place.Place("oscar", ("requirements.txt",))
    with pytest.raises(ZeroDivisionError):
        some.install(lambda: 1 / 0)
    assert not some.installed()


@pytest.mark.parametrize("name", peers.PEERS)
def test_pins_are_files_of_ours(name):
    pins = peers.PEERS[name].PLACE.pins
    assert pins
    assert all((ROOT / "bench" / "peers" / name / pin).is_file() for pin in pins)


def test_pins_are_exact():
    lines = (ROOT / "bench/peers/oscar/requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines if not line.startswith("#"))
    package = orjson.loads((ROOT / "bench/peers/vendure/package.json").read_bytes())
    versions = [*package["dependencies"].values(), *package["overrides"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_nothing_of_a_peer_is_in_our_own_pins():
    ours = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-dev.txt").read_text()
    assert not re.search(r"oscar|vendure|saleor|haystack|treebeard|thumbnail", ours, re.IGNORECASE)


def test_the_catalogue_is_always_the_same_and_no_title_comes_twice():
    goods = catalogue(ALL)
    assert goods[:2_000] == catalogue(2_000)
    assert len({product["title"] for product in goods}) == ALL
    assert {product["kind"] for product in goods[:100]} == set(GOODS)


async def visited(answer, there=lambda placed: placed):
    """One short round of orders in a shop that answers so and says that so many of those placed are there."""

    async def say(reader, writer):
        while not reader.at_eof():
            with suppress(asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
        writer.close()

    async def enter(one):
        one.memory["orders"] = 0

    async def asks(one):
        await one.ask("GET", "/")
        one.memory["orders"] += 1

    async def counted(one):
        return there(one.memory["orders"])

    def work(port):
        with closing(client.Visit(port, client.Custom(enter, {"order": asks}, counted))) as visit:
            return visit.rate("order", 0.05)

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server:
        return await asyncio.to_thread(work, server.sockets[0].getsockname()[1])


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
BAD = b"HTTP/1.1 500 Sorry\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsorry\r\n0\r\n\r\n"


def test_good_answers_are_counted(monkeypatch):
    monkeypatch.setattr(client, "WARM", 0.01)
    assert asyncio.run(visited(GOOD)) > 0


@pytest.mark.parametrize(
    ("answer", "there", "said"),
    [(BAD, 0, "500: b'sorry'"), (GOOD, 7, r"\d+ orders were placed and -7 are there")],
    ids=["an error page", "orders that are not there"],
)
def test_what_is_wrong_is_never_timed(monkeypatch, answer, there, said):
    monkeypatch.setattr(client, "WARM", 0.01)
    with pytest.raises(client.PeerError, match=said):
        asyncio.run(visited(answer, lambda placed: -there))
