"""Vendure, 2,000 products, two node processes: a shop of another language that answers GraphQL.

The shop is `shop/`: Vendure's own defaults (search in PostgreSQL's full text), no job worker beside it. Customers carry
a bearer token, as its clients that are no browsers do.
"""

from __future__ import annotations

import csv
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.peers.client import CONNECTIONS, Client, Custom, PeerError
from bench.peers.place import Place
from bench.peers.words import GOODS, catalogue

NAME = "Vendure 3.7, 2,000 products"
NOTES = {
    "search": "GraphQL search for a word, 20 products of 80 with prices",
    "order": "add an item, address, shipping, to payment, pay: five GraphQL calls, signed in before",
    "list": "GraphQL products, 20 with their variants' prices",
}
PRODUCTS, PROCESSES = 2_000, 2
PLACE = Place("vendure", ("package.json",))
COLUMNS = (
    "name", "slug", "description", "assets", "facets", "optionGroups", "optionValues", "sku", "price", "taxCategory",
    "stockOnHand", "trackInventory", "variantAssets", "variantFacets",
)  # fmt: skip

LIST = """query($skip: Int) { products(options: {take: 20, skip: $skip}) { totalItems
    items { id name slug variants { id priceWithTax currencyCode } } } }"""
SEARCH = """query($term: String!) { search(input: {term: $term, groupByProduct: true, take: 20}) { totalItems
    items { productId productName slug priceWithTax { ... on PriceRange { min } ... on SinglePrice { value } } } } }"""
PROBLEM = "__typename ... on ErrorResult { errorCode message }"
REGISTER = "mutation($mail: String!, $word: String!) { registerCustomerAccount(input: {emailAddress: $mail, password: $word}) { %s } }"
ENTER = "mutation($mail: String!, $word: String!) { login(username: $mail, password: $word) { %s } }"
METHODS = "{ eligibleShippingMethods { id } }"
ORDER = (
    "mutation($item: ID!) { it: addItemToOrder(productVariantId: $item, quantity: 1) { %s } }",
    """mutation($address: CreateAddressInput!) { it: setOrderShippingAddress(input: $address) { %s } }""",
    "mutation($method: [ID!]!) { it: setOrderShippingMethod(shippingMethodId: $method) { %s } }",
    """mutation { it: transitionOrderToState(state: "ArrangingPayment") { %s } }""",
    """mutation { it: addPaymentToOrder(input: {method: "bench", metadata: {}}) { %s ... on Order { code state } } }""",
)
PLACED = "{ activeCustomer { orders { totalItems } } }"
ADDRESS = {
    "fullName": "Ada Buyer", "streetLine1": "1 Bench Street", "city": "Benchford", "postalCode": "1000AA", "countryCode": "GB",
}  # fmt: skip


def installed() -> bool:
    return PLACE.installed() and shutil.which("node") is not None


def install() -> None:
    def work() -> None:
        shutil.copy(PLACE.ours / "package.json", PLACE.theirs)
        PLACE.show("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")

    if not (shutil.which("node") and shutil.which("npm")):
        raise RuntimeError("vendure needs node (20 or newer) and npm on the PATH")
    PLACE.install(work)


@contextmanager
def served(base: str) -> Iterator[int]:
    """The port of the shop, on a database of its own beside `base`'s."""
    node = shutil.which("node") or "node"

    def env(url: str, **more: str) -> dict[str, str]:
        modules = str(PLACE.theirs / "node_modules")
        return PLACE.environment(
            NODE_PATH=modules, NODE_ENV="production", NODE_NO_WARNINGS="1", PEER_DATABASE_URL=url, **more
        )

    def seed(url: str) -> None:
        goods = _written(PLACE.theirs / "goods.csv")
        PLACE.run(node, PLACE.ours / "shop" / "seed.js", goods, str(PRODUCTS), env=env(url, PEER_SEEDING="1"))

    with PLACE.database(base, seed) as url:

        def words(port: int) -> list[str]:
            settings = (f"PEER_PORT={port}", f"PEER_PROCESSES={PROCESSES}")
            return ["/usr/bin/env", *settings, node, str(PLACE.ours / "shop" / "server.js")]

        with PLACE.server(words, "/health", env=env(url), cwd=PLACE.theirs) as port:
            yield port


def _written(path: Path) -> Path:
    """The goods as Vendure's importer reads them."""
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, restval="")
        rows.writeheader()
        for product in catalogue(PRODUCTS):
            number, title = product["number"], product["title"]
            rows.writerow(
                {
                    "name": title, "slug": f"goods-{number}", "description": f"{title}, made by hand.", "sku": number,
                    "price": product["price_fen"] / 100, "taxCategory": "standard", "stockOnHand": 1_000_000,
                    "trackInventory": "true",
                }
            )  # fmt: skip
    return path


async def _asked(client: Client, query: str, **variables: Any) -> dict[str, Any]:
    answer = await client.ask(
        "POST", "/shop-api", {"query": query.replace("%s", PROBLEM), "variables": variables}
    )
    client.memory["token"] = answer.headers.get("vendure-auth-token") or client.memory.get("token")
    found: dict[str, Any] = answer.json()
    if found.get("errors"):
        raise PeerError(f"{query[:60]} answered {found['errors']}")
    for part in found["data"].values():
        if isinstance(part, dict) and "errorCode" in part:
            raise PeerError(f"{query[:60]} answered {part}")
    return dict(found["data"])


async def _sign_in(client: Client) -> None:
    mail = f"{uuid.uuid4().hex}@bench.example"
    await _asked(client, REGISTER, mail=mail, word="only for a bench")
    await _asked(client, ENTER, mail=mail, word="only for a bench")
    client.headers["Authorization"] = f"Bearer {client.memory['token']}"
    client.memory["orders"] = 0
    found = (await _asked(client, LIST, skip=0))["products"]
    if found["totalItems"] != PRODUCTS:
        raise PeerError(f"{found['totalItems']} products instead of {PRODUCTS}")
    await _asked(client, ORDER[0], item="1")
    [method] = (await _asked(client, METHODS))["eligibleShippingMethods"]
    client.memory["method"] = method["id"]
    await _order(client)


def _turn(client: Client) -> int:
    """A number that differs from deed to deed and from client to client."""
    return client.done * CONNECTIONS + client.number


async def _list(client: Client) -> None:
    found = (await _asked(client, LIST, skip=_turn(client) * 37 % (PRODUCTS // 20) * 20))["products"]
    if len(found["items"]) != 20 or not found["items"][0]["variants"][0]["priceWithTax"]:
        raise PeerError(f"a page of {len(found['items'])} products")


async def _search(client: Client) -> None:
    word = GOODS[_turn(client) % len(GOODS)]
    found = (await _asked(client, SEARCH, term=word))["search"]
    if len(found["items"]) != 20 or not all(
        item["productName"].endswith(f" {word}") for item in found["items"]
    ):
        raise PeerError(f"a search for {word} found {found['totalItems']}")


async def _order(client: Client) -> None:
    variables: tuple[dict[str, Any], ...] = (
        {"item": str(1 + _turn(client) * 37 % PRODUCTS)}, {"address": ADDRESS}, {"method": [client.memory["method"]]}, {}, {},
    )  # fmt: skip
    for query, given in zip(ORDER, variables, strict=True):
        done = await _asked(client, query, **given)
    if done["it"]["state"] != "PaymentSettled":
        raise PeerError(f"an order that is not paid: {done}")
    client.memory["orders"] += 1


async def _orders(client: Client) -> int:
    return int((await _asked(client, PLACED))["activeCustomer"]["orders"]["totalItems"])


CUSTOM = Custom(_sign_in, {"list": _list, "search": _search, "order": _order}, _orders)
