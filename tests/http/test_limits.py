"""Whose request it is, and how much of it is read."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from angidi.http.middleware.limits import BodyLimitMiddleware, client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(client: str, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"type": "http", "client": (client, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["garbage"], "unknown"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:0db8:0001:0002"),
        ("fd00::1", ["2001:db8::1"], "2001:0db8:0000:0000"),
    ],
)
def test_the_client_is_the_first_address_that_no_trusted_proxy_has(
    client: str, forwarded: list[str], expected: str
) -> None:
    assert client_address(scope(client, *forwarded), PROXIES) == expected


def test_without_an_address_all_share_one_name() -> None:
    assert client_address({"type": "http", "client": None, "headers": []}, ()) == "unknown"


GONE = b"gone"
"""As a part of a body: the sender goes away."""


class Exchange:
    """A request whose body comes in `parts` (None: never), through `BodyLimitMiddleware` to an echo."""

    def __init__(self, *parts: bytes | None, announced: int | None = None) -> None:
        self._parts = list(parts)
        self._announced = announced
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        part = self._parts.pop(0)
        if part is None:
            await asyncio.Event().wait()
        if part == GONE:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self) -> int:
        async def echo(_: Any, receive: Any, send: Any) -> None:
            body = (await receive())["body"]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

        headers = [] if self._announced is None else [(b"content-length", str(self._announced).encode())]
        scope = {"type": "http", "method": "POST", "headers": headers, "state": {"request_id": "x"}}
        await BodyLimitMiddleware(echo, limit=10, deadline=0.05)(scope, self.receive, self.send)
        return int(self.sent[0]["status"])


async def test_a_body_in_parts_arrives_whole() -> None:
    exchange = Exchange(b"01234", b"56789")
    assert await exchange.run() == 200
    assert exchange.sent[1]["body"] == b"0123456789"


async def test_a_body_that_announces_too_much_is_not_read() -> None:
    assert await Exchange(None, announced=11).run() == 413


async def test_a_body_that_grows_too_large_is_refused() -> None:
    assert await Exchange(b"0123456789", b"x").run() == 413


async def test_a_body_that_does_not_come_is_refused_in_time() -> None:
    assert await Exchange(b"0", None).run() == 400


async def test_a_body_shorter_than_announced_reaches_nobody() -> None:
    exchange = Exchange(b'{"a":1}', announced=9)
    assert await exchange.run() == 400
    assert (b"connection", b"close") in exchange.sent[0]["headers"]


async def test_a_body_whose_sender_goes_away_reaches_nobody() -> None:
    exchange = Exchange(b'{"a":1}', GONE)
    assert await exchange.run() == 400
