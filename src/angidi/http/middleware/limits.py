"""Limits of clients: the size of a body, the time to send it, and the rate of requests."""

import asyncio
import functools
import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import monotonic

from starlette.types import Receive

from angidi.config import Network
from angidi.errors import Malformed, RateLimited, TooLarge
from angidi.http.core.request import Request
from angidi.http.middleware.sliding_window import SlidingWindowCounter

BODY_LIMIT = 64 * 1024
"""Bytes of a request body."""

BODY_DEADLINE = 10.0
"""Seconds in which a body must have arrived."""

_CUT_OFF = "The request body ended before its end."

_LONGEST_HOP = 64

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|([\d.]{7,15}):\d{1,5}")
"""`192.0.2.1:5678`, `[2001:db8::1]:5678`, or an IPv6 address in brackets alone."""

EXEMPT = frozenset({"/health", "/api/v1/health", "/livez", "/readyz"})
"""Paths that are exempt from the rate limit."""


class BodyReader:
    """Reads bodies before a handler runs, up to a size and a deadline.

    So a slow sender holds neither a handler nor a connection to the database.
    """

    def __init__(self, *, limit: int = BODY_LIMIT, deadline: float = BODY_DEADLINE) -> None:
        self._limit = limit
        self._deadline = deadline

    async def read(self, request: Request) -> bytes:
        """Return the complete body. Raises `TooLarge`, and `Malformed` if a part of it is missing."""
        announced = _content_length(request)
        self._check(announced or 0)
        try:
            async with asyncio.timeout(self._deadline):
                body = await self._read_parts(request.receive)
        except TimeoutError:
            raise Malformed("The request body did not arrive in time.") from None
        if announced not in (None, len(body)):
            raise Malformed(_CUT_OFF)
        return body

    async def _read_parts(self, receive: Receive) -> bytes:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise Malformed(_CUT_OFF)
            body += message.get("body", b"")
            more = message.get("more_body", False)
            self._check(len(body))
        return bytes(body)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise TooLarge(f"The request body is larger than {self._limit} bytes.")


def is_announced(request: Request) -> bool:
    """Tell whether the request has a body."""
    return request.fields.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in request.fields


def _content_length(request: Request) -> int | None:
    """Return the length that the request announces, or None."""
    given = request.fields.get(b"content-length", b"")
    if given and not given.isdigit():
        raise Malformed("The request cannot be read.")
    return int(given[:20]) if given else None


class ClientAddresses:
    """Tells where requests come from."""

    def __init__(self, trusted_proxies: tuple[Network, ...]) -> None:
        self._trusted = trusted_proxies

    def of(self, request: Request) -> str:
        """Return the client address of a request, as `client_address` does."""
        return client_address(request, self._trusted)


class RateLimit:
    """Counts requests of each client address over all workers that share the memory of `window`."""

    def __init__(self, window: SlidingWindowCounter, clients: ClientAddresses) -> None:
        self._window = window
        self._clients = clients

    def count(self, request: Request) -> None:
        """Count a request. Raises `RateLimited` beyond the limit."""
        if request.path in EXEMPT:
            return
        try:
            wait = self._window.hit(self._clients.of(request), monotonic())  # not set back or forward
        except OSError:  # who cannot be counted is served: a limit must not be an outage
            return
        if wait:
            raise RateLimited.until(wait)


def client_address(request: Request, trusted: tuple[Network, ...]) -> str:
    """Return the address that the request came from.

    `X-Forwarded-For` is read from the right, as long as the addresses are trusted proxies: anybody could have written
    what is left of the first other one. IPv6 addresses count by /64, because a client has all addresses of one.
    """
    address = request.client
    if not trusted:
        return network_of(address)
    forwarded = request.joined(b"x-forwarded-for")
    hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",") if hop.strip()]
    while hops and is_within(address, trusted):
        address = _without_port(hops.pop())
    return network_of(address)


def _without_port(hop: str) -> str:
    """Return the address of an entry, which some proxies write with the port of the client.

    What is too long for one is cut off, because it would be kept by `network_of`.
    """
    match = _WITH_PORT.fullmatch(hop)
    return match[1] or match[2] if match else hop[:_LONGEST_HOP]


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Tell whether an address is in one of the networks; an IPv4 one also where a socket shows it as an IPv6 one."""
    try:
        parsed = _parsed(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


@functools.lru_cache(4096)
def network_of(address: str) -> str:
    """Return what an address counts as: IPv6 addresses by their /64."""
    try:
        parsed = _parsed(address)
    except ValueError:
        return "unknown"
    return str(parsed) if parsed.version == 4 else parsed.exploded[:19]  # noqa: PLR2004 - four groups of an IPv6 address


def _parsed(address: str) -> IPv4Address | IPv6Address:
    """Return the address; raises ValueError. A socket for both versions shows an IPv4 client as `::ffff:192.0.2.1`."""
    parsed = ip_address(address)
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
