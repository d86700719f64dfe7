"""Clients that send one request after the other, and keep an account of what became of each."""

import asyncio
import itertools
import time
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from tests.support.wire import Answer, parsed


class Sent(NamedTuple):
    """A request: when it was sent (`time.monotonic`), how many seconds it took, and its answer, if one came."""

    at: float
    seconds: float
    answer: Answer | None


class Clients:
    """Any number of clients of a port; half of them keep their connection, the others open one for each request.

    They are a proxy's: each request is of another address, where the proxy is trusted.
    """

    def __init__(self, port: int, path: str, *, host: str = "127.0.0.1") -> None:
        self._port = port
        self._path = path
        self._host = host
        self.sent: list[Sent] = []
        self.refused = 0
        self._addresses = itertools.count()

    @property
    def statuses(self) -> Counter[int]:
        """The statuses of the answers; 0 is for those that did not come."""
        return Counter(each.answer.status if each.answer else 0 for each in self.sent)

    def unanswered(self, before: float) -> list[Sent]:
        """Return the requests without an answer that were sent before that time."""
        return [each for each in self.sent if each.answer is None and each.at < before]

    async def run(self, number: int, stop: asyncio.Event) -> None:
        """Run that many clients until `stop`, or until nothing listens any more."""
        async with asyncio.TaskGroup() as group:
            for place in range(number):
                group.create_task(self._run(stop, keeps=place % 2 == 0))

    async def arrive(self, interval: float, seconds: float, patience: float) -> None:
        """Let a client with a connection of its own come every `interval`, whether or not those before it are served.

        One that gets no answer in `patience` seconds leaves without.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(int(seconds / interval)):
                group.create_task(self._come(patience))
                await asyncio.sleep(interval)

    async def _come(self, patience: float) -> None:
        began = time.monotonic()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                try:
                    await self._ask(reader, writer, keeps=False)
                    return
                finally:
                    writer.close()
        self.sent.append(Sent(began, time.monotonic() - began, None))

    async def _run(self, stop: asyncio.Event, *, keeps: bool) -> None:
        while not stop.is_set():
            try:
                reader, writer = await asyncio.open_connection(self._host, self._port, local_addr=(self._host, 0))
            except OSError:
                self.refused += 1
                return
            try:
                while await self._ask(reader, writer, keeps=keeps) and keeps and not stop.is_set():
                    pass
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keeps: bool) -> bool:
        """Send a request; return whether another one may follow."""
        number = next(self._addresses)
        lines = f"GET {self._path} HTTP/1.1\r\nHost: localhost\r\n" + ("" if keeps else "Connection: close\r\n")
        lines += f"X-Forwarded-For: 10.0.{number >> 8 & 255}.{number & 255}\r\n"
        began = time.monotonic()
        answer = None
        with suppress(OSError, EOFError):
            writer.write(lines.encode() + b"\r\n")
            answer = await _read(reader)
        self.sent.append(Sent(began, time.monotonic() - began, answer))
        return answer is not None and answer.headers.get("connection") != "close"


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    length = parsed_length(head)
    return parsed(head + (await reader.readexactly(length) if length else b""))


def parsed_length(head: bytes) -> int:
    """Return the length of the body that the head announces."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
