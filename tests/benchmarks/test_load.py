"""The load generator: what it counts, and from when."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import cast

import pytest
from benchmarks.load import Order, built, is_whole, percentile, run

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
MISSING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
Answer = Callable[[int], bytes | None]
Open = list[tuple[asyncio.Transport, "asyncio.Future[None]"]]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


class Server(asyncio.Protocol):
    """Answers its nth request, over all connections, with `answer(n)`, after `delay(n)` seconds; None hangs up."""

    def __init__(self, numbers: Iterator[int], answer: Answer, delay: Callable[[int], float], open_: Open) -> None:
        self._numbers = numbers
        self._answer = answer
        self._delay = delay
        self._open = open_

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ended = asyncio.get_running_loop().create_future()
        self._open.append((self._transport, self._ended))

    def data_received(self, data: bytes) -> None:
        assert data.endswith(b"\r\n\r\n")
        number = next(self._numbers)
        asyncio.get_running_loop().call_later(self._delay(number), self._send, self._answer(number))

    def _send(self, answer: bytes | None) -> None:
        if answer is None:
            self._transport.close()
        else:
            self._transport.write(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._ended.set_result(None)


@asynccontextmanager
async def answering(answer: Answer, delay: Callable[[int], float] = lambda _: 0) -> AsyncGenerator[int]:
    """Give the port of a server that answers so."""
    numbers, connections = count(1), Open()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: Server(numbers, answer, delay, connections), "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    for transport, ended in connections:
        transport.abort()
        await ended


@pytest.mark.parametrize(("part", "expected"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_the_nearest_rank(part: float, expected: int) -> None:
    assert percentile(list(range(1, 101)), part) == expected


async def test_a_closed_loop_sends_as_many_requests_as_were_ordered() -> None:
    async with answering(lambda _: ANSWER) as port:
        report = await run(Order(port=port, paths=["/"], connections=4, requests=100))
    assert report.answers == 100
    assert report.statuses == {"200": 100}
    assert report.bytes == 100 * len(ANSWER)
    assert 0 < report.p50 <= report.p90 <= report.p99 <= report.p999 <= report.maximum


async def test_a_closed_loop_ends_when_the_time_is_over() -> None:
    async with answering(lambda _: ANSWER) as port:
        report = await run(Order(port=port, paths=["/"], seconds=0.1))
    assert 0.1 <= report.seconds < 1


async def test_answers_beside_the_expected_one_are_counted() -> None:
    async with answering(lambda number: MISSING if number % 10 == 0 else ANSWER) as port:
        report = await run(Order(port=port, paths=["/"], requests=50))
    assert report.unexpected == {"404": 5}


async def test_answers_beside_the_expected_one_do_not_count() -> None:
    async with answering(lambda number: MISSING if number % 10 == 0 else ANSWER) as port:
        report = await run(Order(port=port, paths=["/"], requests=50))
    assert report.answers == 45
    assert report.rate == pytest.approx(45 / report.seconds)


async def test_a_lost_connection_ends_the_run_and_is_counted() -> None:
    async with answering(lambda number: ANSWER if number < 10 else None) as port:
        report = await run(Order(port=port, paths=["/"], requests=50))
    assert report.unexpected == {"lost": 1}
    assert report.answers == 9


async def test_an_open_loop_counts_a_stall_in_every_request_that_it_delayed() -> None:
    async with answering(lambda _: ANSWER, lambda number: 0.2 if number == 1 else 0) as port:
        order = Order(port=port, paths=["/"], rate=200, requests=40, seconds=5)
        opened = await run(order)
    async with answering(lambda _: ANSWER, lambda number: 0.2 if number == 1 else 0) as port:
        closed = await run(Order(port=port, paths=["/"], requests=40))
    assert opened.answers == closed.answers == 40
    assert opened.p50 > 50
    assert closed.p50 < 50


@pytest.mark.parametrize("answer", [ANSWER, MISSING, CHUNKED, b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"])
def test_an_answer_is_whole_with_its_last_byte_and_not_before(answer: bytes) -> None:
    assert is_whole(answer)
    assert not any(is_whole(answer[:length]) for length in range(len(answer)))


def test_requests_pair_each_path_with_each_body() -> None:
    order = Order(port=1, paths=["/a", "/b"], method="PUT", bodies=["1", "2", "3"], headers={"X": "y"})
    requests = built(order)
    assert requests[0] == (
        b"PUT /a HTTP/1.1\r\nHost: localhost\r\nX: y\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1"
    )
    assert len(set(requests)) == 6


async def test_each_body_has_a_number_of_its_own() -> None:
    seen: list[bytes] = []
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r", 1)[0])
                seen.append(await reader.readexactly(length))
                writer.write(ANSWER)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        body = '{"sku": "NEW-{number}", "again": "{number}"}'
        await run(Order(port=port, paths=["/"], method="POST", bodies=[body], first=1_000, requests=3))
        await ended.wait()
    assert seen == [b'{"sku": "NEW-%09d", "again": "%09d"}' % (n, n) for n in (1_000, 1_001, 1_002)]


def test_headers_take_numbers_and_tokens_in_turn() -> None:
    order = Order(
        port=1, paths=["/a"], method="POST", bodies=["x", "y"], headers={"Key": "order-{number}"}, tokens=["one", "two"]
    )
    first, second = built(order)
    assert b"Key: order-{number}\r\n" in first
    assert (b"Bearer one" in first, first[-1:]) == (True, b"x")
    assert (b"Bearer two" in second, second[-1:]) == (True, b"y")
