"""The envelopes of the API: `{"data": …}` and `{"error": …}`, and how they become bytes."""

from typing import Any, Generic, TypeVar

import msgspec
from litestar import Response
from msgspec import UNSET, Struct, UnsetType

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
    """Litestar's response, with our encoder."""

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:
        """Return `content` as JSON; bytes go as they are."""
        del media_type, enc_hook
        return content if isinstance(content, bytes) else ENCODER.encode(content)
