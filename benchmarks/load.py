"""The load generator, one for all contestants: a process of its own, raw pre-built HTTP/1.1 on kept-alive connections.

    echo '{"port": 8080, "paths": ["/health"], "connections": 4}' | python -m benchmarks.load

Reads an `Order` as JSON from standard input and writes a `Report`. Closed loop: each connection sends its next request
when it has the answer to the last. Open loop, with `rate`: requests are due at fixed times whatever the server does,
and a latency counts from the time that a request was due, so that a stall shows in every request that it delayed (no
coordinated omission). Either ends when the seconds or the requests are used up; what is in flight is waited for. Only
answers with the expected status count.
"""

import asyncio
import gc
import math
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from itertools import cycle, islice
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

HOST = "127.0.0.1"
LAST_CHUNK = b"\r\n0\r\n\r\n"
MOST_BUILT = 100_000
"""Requests that are built beforehand; after these it starts again."""

TICK = 0.0005
"""Seconds between two looks at what is due, in an open loop."""

PATIENCE = 60.0
"""Seconds that the slowest answer may take."""


NUMBER = b"{number}"
DIGITS = 9


class Order(Struct, frozen=True, kw_only=True):
    """What to send, and for how long. `rate` (a second) makes it an open loop.

    Paths, bodies and `tokens`, the bearers, are taken in turn. `{number}` in a body or header is the number of the
    request in nine digits, from `first` on.
    """

    port: int
    paths: list[str]
    method: str = "GET"
    bodies: list[str] = []
    first: int = 0
    connections: int = 1
    seconds: float = 2.0
    requests: int = 1_000_000
    rate: float | None = None
    expected: int = 200
    headers: dict[str, str] = {}
    tokens: list[str] = []


class Report(Struct, frozen=True, kw_only=True):
    """What came back. `answers` and `rate` count the expected status alone.

    Latencies are milliseconds; `cpu` is the part of one core that the generator itself used.
    """

    answers: int
    seconds: float
    rate: float
    p50: float
    p90: float
    p99: float
    p999: float
    maximum: float
    cpu: float
    bytes: int
    statuses: dict[str, int]
    """By status, and under `lost` the connections that ended or answered nonsense."""

    @property
    def unexpected(self) -> dict[str, int]:
        """Statuses beside the expected one, which is the first."""
        return dict(list(self.statuses.items())[1:])


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of the sorted `values` do not exceed (nearest rank)."""
    return values[max(0, math.ceil(len(values) * part) - 1)] if values else math.nan


class Generator:
    """One run of an order."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.loop = asyncio.get_running_loop()
        self.done = self.loop.create_future()
        self.latencies: list[float] = []
        self.statuses: Counter[bytes] = Counter()
        self.bytes = 0
        self.sent = 0
        self._answered = 0
        self._scheduled = 0
        self._over = False
        self._due = 0.0
        self._requests = cycle(built(order))
        self._numbered = any(NUMBER.decode() in text for text in (*order.bodies, *order.headers.values()))
        self._waiting: deque[float] = deque()
        self._idle: list[Connection] = []
        self._started = 0.0
        self._end = 0.0
        self._ended = 0.0

    async def run(self) -> Report:
        order = self.order
        pairs = [
            await self.loop.create_connection(lambda: Connection(self), HOST, order.port)
            for _ in range(order.connections)
        ]
        connections = [protocol for _, protocol in pairs]
        used = time.process_time()
        self._started = time.perf_counter()
        self._end = self._started + order.seconds
        if order.rate:
            self._idle = connections
            self._due = self._started
            self._tick()
        else:
            for connection in connections:
                self.next(connection, self._started)
        await asyncio.wait_for(self.done, order.seconds + PATIENCE)
        used = time.process_time() - used
        for transport, _ in pairs:
            transport.abort()
        return self._report(used)

    def next(self, connection: "Connection", now: float) -> None:
        """Send the next request on a connection that is free, or find that it was the last."""
        if self.order.rate:
            if self._waiting:
                self._send(connection, self._waiting.popleft())
            else:
                self._idle.append(connection)
                self._finish(now, over=self._over)
        elif self.sent < self.order.requests and now < self._end:
            self._send(connection, now)
        else:
            self._finish(now, over=True)

    def answered(self, connection: "Connection", status: bytes, size: int) -> None:
        now = time.perf_counter()
        self.latencies.append(now - connection.due)
        self.statuses[status] += 1
        self.bytes += size
        self._answered += 1
        self.next(connection, now)

    def lost(self, connection: "Connection") -> None:
        """Count a connection that ended too early; the run ends, for it is no measurement any more."""
        if not self.done.done():
            self.statuses[b"lost"] += 1
            self._ended = time.perf_counter()
            self.done.set_result(None)
        del connection

    def _send(self, connection: "Connection", due: float) -> None:
        request = next(self._requests)
        if self._numbered:
            request = request.replace(NUMBER, b"%0*d" % (DIGITS, self.order.first + self.sent))
        self.sent += 1
        connection.send(request, due)

    def _tick(self) -> None:
        """Send what is due, or queue it for the next free connection; open loop only."""
        order, now = self.order, time.perf_counter()
        while self._due <= now and self._is_more_due():
            self._scheduled += 1
            if self._idle:
                self._send(self._idle.pop(), self._due)
            else:
                self._waiting.append(self._due)
            self._due += 1 / (order.rate or 1)
        if self._is_more_due():
            self.loop.call_later(TICK, self._tick)
        else:
            self._over = True
            self._finish(now, over=True)

    def _is_more_due(self) -> bool:
        return self._due < self._end and self._scheduled < self.order.requests

    def _finish(self, now: float, *, over: bool) -> None:
        """End the run when nothing more is to be sent and nothing in flight."""
        if over and not self._waiting and self._answered == self.sent and not self.done.done():
            self._ended = now
            self.done.set_result(None)

    def _report(self, used: float) -> Report:
        latencies = sorted(1000 * latency for latency in self.latencies)
        seconds = self._ended - self._started
        expected = str(self.order.expected).encode()
        others = {status.decode(errors="replace"): count for status, count in self.statuses.items()}
        answers = self.statuses[expected]
        return Report(
            answers=answers,
            seconds=seconds,
            rate=answers / seconds,
            p50=percentile(latencies, 0.5),
            p90=percentile(latencies, 0.9),
            p99=percentile(latencies, 0.99),
            p999=percentile(latencies, 0.999),
            maximum=percentile(latencies, 1.0),
            cpu=used / seconds,
            bytes=self.bytes,
            statuses={expected.decode(): self.statuses[expected]} | others,
        )


class Connection(asyncio.Protocol):
    """One connection, with at most one request in flight."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._held = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.WriteTransport, transport).write

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self._write(request)

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        if is_whole(data):
            self._held = b""
            self._generator.answered(self, data[9:12], len(data))
        else:
            self._held = data

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._generator.lost(self)


def is_whole(data: bytes) -> bool:
    """Tell whether `data` is an entire answer: by Content-Length, or to the last chunk."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = data[:end].lower()
    start = head.find(b"content-length:")
    if start >= 0:
        stop = head.find(b"\r", start)
        length = int(head[start + 15 : stop if stop >= 0 else end])
        return len(data) >= end + 4 + length
    return head[9:12] in {b"204", b"304"} or data.endswith(LAST_CHUNK)


def built(order: Order) -> list[bytes]:
    """Return the requests as they go over the wire: paths, bodies and tokens as often as it takes to end together."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": "localhost"} | order.headers).items())
    parts = (order.paths, order.bodies or [""], [_authorization(token) for token in order.tokens] or [""])
    number = math.lcm(*map(len, parts))
    every = islice(zip(*map(cycle, parts), strict=False), min(number, MOST_BUILT))
    return [_request(order.method, path, headers + bearer, body) for path, body, bearer in every]


def _authorization(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n"


def _request(method: str, path: str, headers: str, body: str) -> bytes:
    content = body.encode()
    if content:
        length = len(content) + content.count(NUMBER) * (DIGITS - len(NUMBER))
        headers += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
    return f"{method} {path} HTTP/1.1\r\n{headers}\r\n".encode() + content


async def run(order: Order) -> Report:
    """Carry out the order on the running event loop."""
    return await Generator(order).run()


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    gc.disable()  # nothing here makes cycles, and a collection would show as a latency
    report = uvloop.run(run(order))
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
