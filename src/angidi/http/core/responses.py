"""The envelopes of the API: `{"data": …}` and `{"error": …}`, and how they become bytes."""

from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Struct, UnsetType

from angidi.http.core.validators import Headers, headers_of
from angidi.resources import Resource

T = TypeVar("T")

ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Writes a `Decimal` as a JSON number, digit for digit."""


class Data(Struct, Generic[T], frozen=True):
    """A successful answer."""

    data: T


class Detail(Struct, frozen=True):
    """One refused field."""

    field: str
    message: str


class ErrorBody(Struct, frozen=True):
    """What went wrong; `code` is for programs, `message` for people."""

    code: str
    message: str
    request_id: str
    details: list[Detail] | UnsetType = UNSET


class Failure(Struct, frozen=True):
    """An unsuccessful answer."""

    error: ErrorBody


class JSONResponse(Response[Any]):
    """Litestar's response, with our encoder, by the shortest way: our answers have headers, and no cookies."""

    def __init__(
        self, content: Any, *, status_code: int | None = None, headers: dict[str, str] | None = None, **unused: Any
    ) -> None:  # pyright: ignore[reportMissingSuperCall] - it prepares for all that we do not use
        del unused
        self.content = content
        self.status_code = status_code
        self.headers = headers or {}

    def to_asgi_response(self, app: Any, request: Any, *, status_code: int | None = None, **unused: Any) -> "Answer":
        """Return what sends the answer; one that shows a resource has its validator."""
        del app, unused
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        shown: Any = getattr(self.content, "data", None)
        if isinstance(shown, Resource):
            headers += headers_of(shown, kept=request.scope["method"] == "GET")
        status = self.status_code or status_code or HTTPStatus.OK
        return Answer(status, headers, None if status == HTTPStatus.NO_CONTENT else ENCODER.encode(self.content))


class Answer(ASGIResponse):
    """An answer that is complete: JSON, or nothing at all."""

    __slots__ = ("_raw",)

    def __init__(self, status: int, headers: Headers, body: bytes | None) -> None:
        self.status_code = status
        self._raw = headers
        self.body = body or b""
        if body is not None:
            self._raw += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._raw})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
