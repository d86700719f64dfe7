"""Whose request it is, and how much of it is read."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from tests.support.api import Api, api_over
from tests.support.requests import request

from angidi.app import RATE_LIMIT_MEMORY
from angidi.config import Settings
from angidi.db import Database
from angidi.errors import AngidiError
from angidi.http.core.errors import RateLimited, status_of
from angidi.http.core.request import Request
from angidi.http.middleware.limits import BodyReader, ClientAddresses, RateLimit, client_address
from angidi.http.middleware.sliding_window import SIZE, SlidingWindowCounter
from angidi.shared_memory import share_memory

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def forwarded_request(client: str, *forwarded: str) -> Request:
    return request(headers=[(b"x-forwarded-for", value.encode()) for value in forwarded], client=(client, 1234))


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
        ("10.0.0.1", ["198.51.100.1:5678"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:5678, 10.0.0.2:80"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8::1]:443"], "2001:0db8:0000:0000"),
        ("fd00::1", ["[2001:db8::1]"], "2001:0db8:0000:0000"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:0db8:0001:0002"),
        ("fd00::1", ["2001:db8::1"], "2001:0db8:0000:0000"),
    ],
)
def test_the_client_is_the_first_address_that_no_trusted_proxy_has(
    client: str, forwarded: list[str], expected: str
) -> None:
    assert client_address(forwarded_request(client, *forwarded), PROXIES) == expected


def test_without_an_address_all_share_one_name() -> None:
    assert client_address(request(client=None), ()) == "unknown"


def test_a_client_that_cannot_be_counted_is_served() -> None:
    window = SlidingWindowCounter(1, share_memory("test", SIZE))
    limit = RateLimit(window, ClientAddresses(()))
    limit.count(request())
    with pytest.raises(RateLimited):
        limit.count(request())
    window.close()
    limit.count(request())


async def test_memory_that_cannot_be_opened_stops_no_server(
    settings: Settings, pool_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RATE_LIMIT_MEMORY, "/proc/0/fd/0")
    async with api_over(settings.model_copy(update={"api_rate_limit": 2}), pool_db) as api:
        statuses = [(await api.get("/products")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


GONE = b"gone"
"""As a part of a body: the sender goes away."""


class Sender:
    """A client whose body comes in `parts` (None: never)."""

    def __init__(self, *parts: bytes | None, announced: int | None = None) -> None:
        self._parts = list(parts)
        headers = [] if announced is None else [(b"content-length", str(announced).encode())]
        self._request = request("POST", headers=headers, receive=self.receive)

    async def receive(self) -> dict[str, Any]:
        part = self._parts.pop(0)
        if part is None:
            await asyncio.Event().wait()
        if part == GONE:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self) -> bytes | int:
        """Return the body as a handler gets it, or the status that refuses it."""
        try:
            return await BodyReader(limit=10, deadline=0.05).read(self._request)
        except AngidiError as error:
            return status_of(type(error))


async def test_a_body_in_parts_arrives_whole() -> None:
    assert await Sender(b"01234", b"56789").send() == b"0123456789"


async def test_a_body_that_announces_too_much_is_not_read() -> None:
    assert await Sender(None, announced=11).send() == 413


async def test_a_body_that_grows_too_large_is_refused() -> None:
    assert await Sender(b"0123456789", b"x").send() == 413


async def test_a_body_that_does_not_come_is_refused_in_time() -> None:
    assert await Sender(b"0", None).send() == 400


async def test_a_body_shorter_than_announced_reaches_nobody() -> None:
    assert await Sender(b'{"a":1}', announced=9).send() == 400


async def test_a_body_whose_sender_goes_away_reaches_nobody() -> None:
    assert await Sender(b'{"a":1}', GONE).send() == 400


async def test_the_connection_of_a_body_that_is_not_read_is_closed(api: Api) -> None:
    answer = await api.post("/users/login", content=b" " * 70_000)
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(("content", "expected"), [(b"{}", "close"), (b"", None)])
async def test_a_refusal_closes_the_connection_where_a_body_was_left_unread(
    api: Api, content: bytes, expected: str | None
) -> None:
    answer = await api.post("/products", content=content)
    assert (answer.status_code, answer.headers.get("connection")) == (401, expected)
