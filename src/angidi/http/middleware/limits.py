"""What a client may send: how large a body, how slowly, and how often."""

import asyncio
import functools
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from angidi.config import Network
from angidi.errors import AngidiError, Malformed, TooLarge
from angidi.http.core.errors import RateLimited, body_of, headers_of, status_of
from angidi.http.core.responses import ENCODER
from angidi.http.middleware.sliding_window import SlidingWindowCounter

BODY_LIMIT = 64 * 1024
"""Bytes of a request body."""

BODY_DEADLINE = 10.0
"""Seconds in which a body must have arrived."""

_CUT_OFF = "The request body ended before its end."

EXEMPT = frozenset({"/health", "/api/v1/health", "/livez", "/readyz", "/docs", "/openapi.json"})
"""Paths that no rate limit counts, nor what lies below `/docs`."""


async def refuse(error: AngidiError, scope: Scope, send: Send, headers: dict[str, str] | None = None) -> None:
    """Answer with `error` before the application is reached."""
    body = ENCODER.encode(body_of(error, scope["state"]["request_id"]))
    fields = (
        {"Content-Type": "application/json", "Content-Length": str(len(body))} | headers_of(error) | (headers or {})
    )
    raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status_of(type(error)), "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class BodyLimitMiddleware:
    """Reads the body before the application runs, up to a size and a deadline.

    Read here and not below, a slow sender holds no handler and no connection to the database.
    """

    def __init__(self, app: ASGIApp, *, limit: int = BODY_LIMIT, deadline: float = BODY_DEADLINE) -> None:
        self._app = app
        self._limit = limit
        self._deadline = deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body complete, or refuse it with 413 or 400: of a part nothing is done."""
        if scope["type"] != "http" or scope["method"] in {"GET", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._deadline):
                body = await self._read(scope, receive)
        except (TooLarge, Malformed) as error:
            await refuse(error, scope, send, {"Connection": "close"})
        except TimeoutError:
            await refuse(Malformed("The request body did not arrive in time."), scope, send, {"Connection": "close"})
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        announced = _announced(scope)
        body = bytearray()
        more = True
        while more and len(body) <= self._limit >= (announced or 0):
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if message["type"] != "http.request":
                raise Malformed(_CUT_OFF)
        if max(len(body), announced or 0) > self._limit:
            raise TooLarge(f"The request body is larger than {self._limit} bytes.")
        if announced not in (None, len(body)):
            raise Malformed(_CUT_OFF)
        return bytes(body)


def _announced(scope: Scope) -> int | None:
    """Return the length that the request gives its body; None: none."""
    given = dict(scope["headers"]).get(b"content-length", b"")
    return int(given[:20]) if given.isdigit() else None


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


class RateLimitMiddleware:
    """Counts requests of each client address over all workers; 429 beyond the limit."""

    def __init__(self, app: ASGIApp, window: SlidingWindowCounter, trusted_proxies: tuple[Network, ...]) -> None:
        self._app = app
        self._window = window
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not _is_exempt(scope["path"]):
            wait = self._window.hit(client_address(scope, self._trusted), time())
            if wait:
                await refuse(RateLimited(), scope, send, {"Retry-After": str(wait)})
                return
        await self._app(scope, receive, send)


def _is_exempt(path: str) -> bool:
    return path in EXEMPT or path.startswith("/docs/")


def client_address(scope: Scope, trusted: tuple[Network, ...]) -> str:
    """Return the address that the request came from.

    `X-Forwarded-For` is read from the right, as far as the addresses there are trusted proxies: what stands left of
    the first one that is not, anybody could have written. IPv6 counts by /64, since a client has all of one.
    """
    address = (scope.get("client") or ("unknown", 0))[0]
    if not trusted:
        return _network(address)
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",") if hop.strip()]
    while hops and _within(address, trusted):
        address = hops.pop()
    return _network(address)


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = _parsed(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


@functools.lru_cache(4096)
def _network(address: str) -> str:
    try:
        parsed = _parsed(address)
    except ValueError:
        return "unknown"
    return str(parsed) if parsed.version == 4 else parsed.exploded[:19]  # noqa: PLR2004 - four groups of an IPv6 address


def _parsed(address: str) -> IPv4Address | IPv6Address:
    """Return the address; raises ValueError. A socket for both versions shows an IPv4 client as `::ffff:192.0.2.1`."""
    parsed = ip_address(address)
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
