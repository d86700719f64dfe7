"""Responses, the envelopes of the API, and their encoding."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from angidi.http.core.request import Request
from angidi.resources import Detail

T = TypeVar("T")

Headers = list[tuple[bytes, bytes]]
Begin = Callable[[], Awaitable[bool]]

ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Writes a `Decimal` as a JSON number, digit for digit."""

_JSON = (b"content-type", b"application/json")


class Data(Struct, Generic[T], frozen=True):
    """A successful answer."""

    data: T


class ErrorBody(Struct, frozen=True):
    """What went wrong; `code` is for programs, `message` for people."""

    code: str
    message: str
    request_id: str
    details: list[Detail] | UnsetType = UNSET


class Failure(Struct, frozen=True):
    """An unsuccessful answer."""

    error: ErrorBody


class Answer(Struct, Generic[T], frozen=True):
    """The return value of a handler that chooses the status of its response, or adds headers."""

    content: T
    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Response(Struct):
    """A complete response. Header names are in lower case and may repeat."""

    status: int
    headers: Headers
    body: bytes = b""


class StreamedResponse(Response):
    """A response whose body is sent in parts."""

    async def stream(self, request: Request, begin: Begin) -> None:
        """Send the body. `begin` must be awaited before the first part.

        It sends the head, or returns False if the client got a timeout response: then nothing may be sent.
        """
        raise NotImplementedError


def content(body: bytes, content_type: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> Response:
    """Return a response of another content type than the API's JSON."""
    length = (b"content-length", b"%d" % len(body))
    return Response(200, [(b"content-type", content_type.encode()), length, *headers], body)


def encoded(value: Any, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> Response:
    """Return `value` as JSON."""
    body = ENCODER.encode(value)
    return Response(status, [_JSON, (b"content-length", b"%d" % len(body)), *headers], body)
