"""An answer sent block by block: complete, or visibly broken off, and nothing is held once the client has gone."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.requests import request

from angidi.concurrency import ConcurrencyLimiter
from angidi.db.copying import Block
from angidi.errors import ConnectionLost, Unavailable
from angidi.http.routing import streaming as streams
from angidi.http.routing.streaming import CsvFile

START, PART, END = "http.response.start", "part", "end"


class Exchange:
    """A client that reads `most` messages and then leaves, or reads no more."""

    def __init__(
        self, *, most: int = 99, leaves: bool = True, head: bool = False, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self.sent: list[str] = []
        self.body = b""
        self.closed = False
        self._most = most
        self._leaves = leaves
        self._left = asyncio.Event()
        self._request = request("HEAD" if head else "GET", headers=headers, receive=self.receive, send=self.send)

    async def blocks(self, number: int, error: Exception | None = None) -> AsyncGenerator[Block]:
        try:
            for _ in range(number):
                yield Block(b"x", 1)
                await asyncio.sleep(0.001)
            if error:
                raise error
        finally:
            self.closed = True

    async def receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if len(self.sent) == self._most:
            if self._leaves:
                self._left.set()
            await asyncio.Event().wait()
        more = message.get("more_body")
        self.body += message.get("body", b"")
        self.sent.append(START if message["type"] == START else PART if more else END)

    async def run(self, blocks: AsyncGenerator[Block]) -> list[str]:
        with capture_logs():
            await CsvFile.of(blocks, "rows.csv").stream(self._request, self.begin)
        return self.sent

    async def begin(self) -> bool:
        self._request.has_begun = True
        await self.send({"type": START})
        return True


async def test_all_blocks_are_sent_and_then_the_end() -> None:
    exchange = Exchange()
    assert await exchange.run(exchange.blocks(3)) == [START, PART, PART, PART, END]
    assert exchange.closed


async def test_an_error_before_the_first_block_is_left_to_be_answered() -> None:
    exchange = Exchange()
    with pytest.raises(Unavailable):
        await exchange.run(exchange.blocks(0, Unavailable()))
    assert exchange.sent == []


async def test_an_error_later_on_breaks_the_answer_off_without_an_end() -> None:
    exchange = Exchange()
    with pytest.raises(ConnectionLost):
        await exchange.run(exchange.blocks(2, ConnectionLost()))
    assert exchange.sent == [START, PART, PART]
    assert exchange.closed


async def test_a_client_that_leaves_ends_it() -> None:
    exchange = Exchange(most=3)
    assert await exchange.run(exchange.blocks(1000)) == [START, PART, PART]
    assert exchange.closed


async def test_a_client_that_reads_no_more_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALL", 0.05)
    exchange = Exchange(most=3, leaves=False)
    with pytest.raises(TimeoutError):
        await exchange.run(exchange.blocks(1000))
    assert END not in exchange.sent
    assert exchange.closed


async def test_an_answer_that_takes_too_long_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LIMIT", 0.05)
    exchange = Exchange(most=100_000)
    with pytest.raises(TimeoutError):
        await exchange.run(exchange.blocks(100_000))
    assert END not in exchange.sent
    assert exchange.closed


async def test_whoever_asks_for_the_head_costs_one_block() -> None:
    exchange = Exchange(head=True)
    assert await exchange.run(exchange.blocks(1000)) == [START, END]
    assert exchange.closed


@pytest.mark.parametrize("headers", [[], [(b"accept-encoding", b"gzip")]], ids=["plain", "gzip"])
async def test_a_head_has_no_body(headers: Sequence[tuple[bytes, bytes]]) -> None:
    exchange = Exchange(head=True, headers=headers)
    await exchange.run(exchange.blocks(2))
    assert exchange.body == b""


def test_slots_come_back_also_after_an_error() -> None:
    slots = ConcurrencyLimiter(1, "Later.")
    with pytest.raises(ValueError, match="odd"), slots.acquire():
        with pytest.raises(Unavailable, match=r"Later\."), slots.acquire():
            pass
        raise ValueError("odd")
    with slots.acquire():
        pass
