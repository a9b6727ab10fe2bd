"""django-oscar with django-oscar-api, 10,000 products, granian with two workers: a Django shop of our own kind.

The shop is `shop/`: Oscar's own defaults, the settings its guide asks for, and the payment view that django-oscar-api
leaves to the shop. Sessions go by header, as django-oscar-api has it for clients that are no browsers.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import orjson

from bench.peers.client import CONNECTIONS, Client, Custom, PeerError
from bench.peers.place import Place
from bench.peers.words import GOODS, catalogue

NAME = "django-oscar 4.2, 10,000 products"
NOTES = {
    "search": "GET /search/?q=, an HTML page of 20 by Haystack's simple backend (the REST package has none)",
    "order": "add to basket, check out, pay: three REST calls, signed in before",
    "list": "GET /api/products/, 20 of them over REST: number, title and address",
}
PRODUCTS, SHOPPERS = 10_000, 8
WORKERS, THREADS = 2, 4  # of each worker
SECRET = "only for a bench"
PLACE = Place("oscar", ("requirements.txt",))
PYTHON = PLACE.theirs / "venv" / "bin" / "python"

ADDRESS = {
    "title": "Ms", "first_name": "Ada", "last_name": "Buyer", "line1": "1 Bench Street", "line2": "", "line3": "",
    "line4": "Benchford", "state": "", "postcode": "1000AA", "phone_number": "", "notes": "",
}  # fmt: skip


def installed() -> bool:
    return PLACE.installed()


def install() -> None:
    def work() -> None:
        PLACE.show(sys.executable, "-m", "venv", PLACE.theirs / "venv")
        PLACE.show(PYTHON, "-m", "pip", "install", "--no-deps", "-r", PLACE.ours / "requirements.txt")

    PLACE.install(work)


@contextmanager
def served(base: str) -> Iterator[int]:
    """The port of the shop, on a database of its own beside `base`'s."""

    def env(url: str) -> dict[str, str]:
        return PLACE.environment(
            DJANGO_SETTINGS_MODULE="shop.settings", PYTHONPATH=str(PLACE.ours), PEER_DATABASE_URL=url,
            PEER_MEDIA=str(PLACE.theirs / "media"), PYTHONDONTWRITEBYTECODE="1",
        )  # fmt: skip

    def seed(url: str) -> None:
        given = {"products": catalogue(PRODUCTS), "shoppers": SHOPPERS, "password": SECRET}
        PLACE.run(PYTHON, "-m", "django", "migrate", "--verbosity=0", env=env(url))
        PLACE.run(PYTHON, "-m", "shop.seed", given=orjson.dumps(given), env=env(url))

    with PLACE.database(base, seed) as url:

        def words(port: int) -> list[str]:
            options = {
                "interface": "wsgi",
                "host": "127.0.0.1",
                "port": port,
                "workers": WORKERS,
                "blocking-threads": THREADS,
            }
            return [
                str(PYTHON),
                "-m",
                "granian",
                *(f"--{name}={value}" for name, value in options.items()),
                "shop.wsgi:application",
            ]

        with PLACE.server(words, "/api/products/", env=env(url), cwd=PLACE.theirs) as port:
            yield port


async def _sign_in(client: Client) -> None:
    session = uuid.uuid4().hex
    client.memory["orders"] = 0
    client.headers["Session-Id"] = f"SID:ANON:127.0.0.1:{session}"
    await client.ask("POST", "/api/login/", {"username": f"shopper{client.number}", "password": SECRET})
    client.headers["Session-Id"] = f"SID:AUTH:127.0.0.1:{session}"
    listed = (
        await client.ask("GET", f"/api/products/?page={PRODUCTS // 20}")
    ).json()  # the newest come first
    if listed["count"] != PRODUCTS:
        raise PeerError(f"{listed['count']} products instead of {PRODUCTS}")
    client.memory["first"] = min(product["id"] for product in listed["results"])


def _turn(client: Client) -> int:
    """A number that differs from deed to deed and from client to client."""
    return client.done * CONNECTIONS + client.number


async def _list(client: Client) -> None:
    page = 1 + _turn(client) * 37 % (PRODUCTS // 20)
    answer = await client.ask("GET", f"/api/products/?page={page}")
    if len(answer.json()["results"]) != 20:
        raise PeerError(f"a page of {len(answer.json()['results'])} products")


async def _search(client: Client) -> None:
    word = GOODS[_turn(client) % len(GOODS)]
    answer = await client.ask("GET", f"/search/?q={word}")
    shown = answer.body.count(f' {word}" class="img'.encode())
    if shown != 20 or b"Found <strong>400</strong> results" not in answer.body:
        raise PeerError(f"a search for {word} showed {shown} on a page")


async def _order(client: Client) -> None:
    base = f"http://127.0.0.1:{client.port}/api"
    product = client.memory["first"] + _turn(client) * 37 % PRODUCTS
    basket = (
        await client.ask(
            "POST", "/api/basket/add-product/", {"url": f"{base}/products/{product}/", "quantity": 1}
        )
    ).json()
    wanted = {"basket": basket["url"], "shipping_address": ADDRESS | {"country": f"{base}/countries/GB/"}}
    order = (await client.ask("POST", "/api/checkout/", wanted)).json()
    paid = (await client.ask("POST", urlsplit(order["payment_url"]).path, {})).json()
    if paid != {"number": order["number"], "status": "Paid"} or len(order["lines"]) < 1:
        raise PeerError(f"an order that is not paid: {paid}")
    client.memory["orders"] += 1


async def _orders(client: Client) -> int:
    return int((await client.ask("GET", "/api/orders/")).json()["count"])


CUSTOM = Custom(_sign_in, {"list": _list, "search": _search, "order": _order}, _orders)
