"""A small HTTP/1.1 client and a stopwatch: how many whole deeds a second a peer does for CONNECTIONS clients."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import orjson

CONNECTIONS = 4
PATIENCE = 30.0  # seconds one answer may take
WARM, ROUNDS, SECONDS = 1.5, 3, 3.0


class PeerError(RuntimeError):
    """A peer answered what it should not; nothing of that run is a figure."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case; the last of several
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Client:
    """One customer's connection; `headers` go with every request, `memory` is for the peer's module."""

    port: int
    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    headers: dict[str, str] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    done: int = 0

    @classmethod
    async def to(cls, port: int, number: int = 0) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        return cls(port, number, reader, writer)

    async def ask(self, method: str, path: str, data: Any = None, *, status: int = 200) -> Answer:
        """Send and read to the end; PeerError when another status comes back."""
        body = b"" if data is None else orjson.dumps(data)
        head = {
            "Host": f"127.0.0.1:{self.port}", "Accept": "*/*", "Content-Type": "application/json",
            "Content-Length": str(len(body)), **self.headers,
        }  # fmt: skip
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        self.writer.write("\r\n".join(lines).encode() + body)
        answer = await asyncio.wait_for(self._read(), PATIENCE)
        if answer.status != status:
            raise PeerError(f"{method} {path} answered {answer.status}: {answer.body[:400]!r}")
        return answer

    async def _read(self) -> Answer:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await self._chunks()
        else:
            body = await self.reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split()[1]), headers, body)

    async def _chunks(self) -> bytes:
        parts = []
        while size := int((await self.reader.readline()).split(b";")[0], 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)


Deed = Callable[[Client], Awaitable[None]]


async def connected(port: int, enter: Deed) -> list[Client]:
    """CONNECTIONS clients, each having done `enter` (signing in, for one), which is not measured."""
    clients = [await Client.to(port, number) for number in range(CONNECTIONS)]
    for client in clients:
        await enter(client)
    return clients


async def rates(clients: Sequence[Client], deeds: dict[str, Deed]) -> dict[str, float]:
    """Deeds a second, each the median of ROUNDS taken in turn after a warm-up; raises when one deed fails."""
    for deed in deeds.values():
        await _round(clients, deed, WARM)
    found: dict[str, list[float]] = {name: [] for name in deeds}
    for _ in range(ROUNDS):
        for name, deed in deeds.items():
            found[name].append(await _round(clients, deed, SECONDS))
    return {name: statistics.median(each) for name, each in found.items()}


async def _round(clients: Sequence[Client], deed: Deed, seconds: float) -> float:
    """Every client does the deed again and again, one after the other; what was begun in time is finished and counts."""
    began = perf_counter()
    counts = await asyncio.gather(*(_again(client, deed, began + seconds) for client in clients))
    return sum(counts) / (perf_counter() - began)


async def _again(client: Client, deed: Deed, until: float) -> int:
    count = 0
    while perf_counter() < until:
        await deed(client)
        client.done += 1
        count += 1
    return count
