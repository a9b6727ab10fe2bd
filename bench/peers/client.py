"""A small HTTP/1.1 client and a stopwatch: how many whole deeds a second a peer does for CONNECTIONS clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import orjson

CONNECTIONS = 4
PATIENCE = 30.0  # seconds one answer may take
WARM, SECONDS = 1.5, 3.0  # of a round


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
        return cls(port, number, *await _line(port))

    async def again(self) -> None:
        """A new connection: a server may have closed one that was silent for some seconds."""
        await self.close()
        self.reader, self.writer = await _line(self.port)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

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


async def _line(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, limit=2**22)


Deed = Callable[[Client], Awaitable[None]]


@dataclass(frozen=True)
class Custom:
    """What customers do in a shop: `enter` is not measured; `orders` is how many of a customer's orders the shop has,
    and must be `memory["orders"]`."""

    enter: Deed
    deeds: dict[str, Deed]
    orders: Callable[[Client], Awaitable[int]]


class Visit:
    """CONNECTIONS customers in a shop, who do what they are asked to, in a loop of their own: `rate` may be called in turn
    with measures of others."""

    def __init__(self, port: int, custom: Custom) -> None:
        self.custom = custom
        self.warm: set[str] = set()
        self.runner = asyncio.Runner()
        self.customers: list[Client] = []
        try:
            self.runner.run(self._enter(port))
        except BaseException:
            self.close()
            raise

    async def _enter(self, port: int) -> None:
        for number in range(CONNECTIONS):
            self.customers.append(await Client.to(port, number))
            await self.custom.enter(self.customers[-1])

    def rate(self, work: str, seconds: float = SECONDS) -> float:
        """Deeds a second in one round; a warm-up before the first. PeerError when an answer is not what it should be."""
        if work not in self.warm:
            self.runner.run(self._round(work, WARM))
            self.warm.add(work)
        return self.runner.run(self._round(work, seconds))

    async def _round(self, work: str, seconds: float) -> float:
        """Each does the deed again and again, one after the other; what was begun in time is finished and counts."""
        for client in self.customers:
            await client.again()
        before = [client.memory["orders"] for client in self.customers]
        deed = self.custom.deeds[work]
        began = perf_counter()
        counts = await asyncio.gather(*(_again(client, deed, began + seconds) for client in self.customers))
        took = perf_counter() - began
        for client, earlier in zip(self.customers, before, strict=True):
            placed = client.memory["orders"]
            if placed != earlier and (kept := await self.custom.orders(client)) != placed:
                raise PeerError(f"{placed} orders were placed and {kept} are there")
        return sum(counts) / took

    def close(self) -> None:
        async def leave() -> None:
            for client in self.customers:
                await client.close()

        self.runner.run(leave())
        self.runner.close()


async def _again(client: Client, deed: Deed, until: float) -> int:
    count = 0
    while perf_counter() < until:
        await deed(client)
        client.done += 1
        count += 1
    return count
