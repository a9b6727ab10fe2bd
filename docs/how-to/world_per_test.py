"""Two tests of somebody else's software, each in a market of its own. Needs Python alone and a running Jishi.

JISHI_URL=http://127.0.0.1:8000 JISHI_KEY=<an admin key> python3 docs/how-to/world_per_test.py
"""

import hashlib
import hmac
import json
import os
import queue
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

URL = os.environ.get("JISHI_URL", "http://127.0.0.1:8000")
KEY = os.environ["JISHI_KEY"]


def call(method, path, body=None, key=KEY, **headers):
    """One request; the answer's JSON. A refusal is raised with its problem document, which says what to do."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        URL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **names},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{method} {path}: {refused.read().decode()}") from None


def verified(secret, header, body, tolerance=300):
    """Whether a delivery is Jishi's: HMAC-SHA256 over `<t>.<raw body>`, compared in constant time, not old."""
    told = dict(part.split("=", 1) for part in header.split(","))
    expected = hmac.new(secret.encode(), told["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(told["t"])) <= tolerance  # noqa: TID251 (deliveries live in real time)
    return fresh and hmac.compare_digest(expected, told["v1"])


class Listener(BaseHTTPRequestHandler):
    """Where webhooks arrive: answers at once, keeps what came for the test to read."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.put((self.headers["Jishi-Signature"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        """Say nothing."""


class WorldPerTest(unittest.TestCase):
    def setUp(self):
        self.world = f"t-{uuid.uuid4().hex[:12]}"
        self.key = call("POST", "/api/worlds/", {"name": self.world, "seed": 7})["admin_key"]
        self.addCleanup(call, "DELETE", f"/api/worlds/{self.world}/", key=self.key)
        people = [{"nick": nick, "region": 330782, "verified": True} for nick in ("seller", "buyer")]
        made = self.call("POST", "/api/members/batch/", {"rows": people})
        self.seller, self.buyer = (row["id"] for row in made["results"])
        stand = {"name": "木匠铺", "section": 15, "subsection": 1501, "region": 330782}
        shop = self.call("POST", "/api/shops/", stand, by=self.seller)["id"]
        goods = {"shop": shop, "title": "实木书桌", "category": 150102, "price_fen": 9900, "stock": 3}
        self.listing = self.call("POST", "/api/listings/", goods, by=self.seller)["id"]
        self.call("POST", "/api/topups/", {"amount_fen": 20_000}, by=self.buyer)

    def call(self, method, path, body=None, by=None, **headers):
        acting = {"X_Jishi_Member": str(by)} if by else {}
        return call(method, path, body, key=self.key, **acting, **headers)

    def buy(self, **headers):
        basket = {"lines": [{"listing": self.listing}], "pay": True}
        return self.call("POST", "/api/orders/", basket, by=self.buyer, **headers)["orders"][0]["id"]

    def pass_time(self, duration):
        self.call("POST", "/api/clock/advance/", {"duration": duration}, Prefer="wait=60")

    def balance(self, member):
        return self.call("GET", "/api/accounts/me/", by=member)["balance_fen"]

    def test_a_silent_buyer_still_pays_the_seller(self):
        order = self.buy(Idempotency_Key="basket-1")
        assert order == self.buy(Idempotency_Key="basket-1")  # a retry, not a second order
        self.call("POST", f"/api/orders/{order}/ship/", {"carrier": "圆通"}, by=self.seller)
        self.pass_time("P11D")  # express goods count as received after ten days
        assert self.call("GET", f"/api/orders/{order}/", by=self.buyer)["status"] == "finished"
        assert self.balance(self.seller) == 9_900
        assert self.call("GET", "/api/ledger/drift/")["balanced"]

    def test_we_are_told_and_can_prove_who_told_us(self):
        server = HTTPServer(("127.0.0.1", 0), Listener)
        server.heard = queue.Queue()
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        address = f"http://127.0.0.1:{server.server_port}/hook"
        hook = self.call("POST", "/api/webhooks/", {"url": address, "names": ["order.paid"]})
        order = self.buy()
        signature, body = server.heard.get(timeout=30)
        assert verified(hook["secret"], signature, body)
        assert not verified(hook["secret"], signature, body + b" ")
        assert json.loads(body)["subject"] == order


if __name__ == "__main__":
    unittest.main()
