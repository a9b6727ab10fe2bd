"""Somebody outside who is told of events: a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass
class Told:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    def signed_with(self, secret: str) -> bool:
        """The receiver's own computation, as the document describes it."""
        parts = dict(part.split("=") for part in self.headers["Jishi-Signature"].split(","))
        wanted = hmac.new(secret.encode("ascii"), parts["t"].encode() + b"." + self.body, hashlib.sha256)
        return hmac.compare_digest(wanted.hexdigest(), parts["v1"])


@dataclass
class Receiver:
    """Answers `status` to everything and keeps what it was told; `answers` are given first, one each."""

    status: int = 204
    answers: list[int] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told.append(Told(dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else receiver.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Be silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def numbers(self) -> list[int]:
        return [told.event["id"] for told in self.told]
