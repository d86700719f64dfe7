"""Signed cursors: the end of a page as a text that the client sends to get the next page.

A cursor is opaque and signed (HMAC-SHA-256 with a key derived from the token key) and contains no secret: a digest of
list, sort and filters, because a position is meaningless under others; the number of rows shown; the page size; and the
sort key of the last row. It never expires, because it grants nothing.
"""

import functools
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct

from angidi.errors import FieldError, Invalid
from angidi.pagination.pages import DEEPEST_CHEAP_OFFSET, DEFAULT_SIZE, PageFields, PageRequest, PageResult, Position
from angidi.pagination.queries import PageQuery

T = TypeVar("T")

_PURPOSE = b"angidi cursor"
_TAG = 16
_DIGEST = 8
_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")

_FORGED = "must be the next_cursor of an answer, unchanged"
_FOREIGN = "belongs to another list, sort or filters: send it with those, or begin again without it"


class _Cursor(Struct, array_like=True, frozen=True):
    """The content of a cursor."""

    digest: bytes
    before: int
    page_size: int
    after: msgspec.Raw


class Cursors:
    """Creates and reads cursors. `previous_secret` is still accepted, so that keys can be rotated."""

    def __init__(self, secret: str, previous_secret: str | None = None) -> None:
        self._keys = [hmac.digest(key.encode(), _PURPOSE, "sha256") for key in (secret, previous_secret) if key]

    def page_request(self, query: PageQuery, by: type[Position]) -> PageRequest:
        """Return the rows that `query` asks for, in a list sorted `by`. A cursor wins over a page number.

        Raises `Invalid` for a forged cursor, or one of another list, sort or filters.
        """
        if query.cursor is None:
            size = query.page_size or DEFAULT_SIZE
            before = (query.page - 1) * size
            is_expensive = before > DEEPEST_CHEAP_OFFSET or query.count == "exact"
            return PageRequest(by, size, before, None, query.count, is_expensive)
        cursor = self._read(query.cursor)
        if cursor.digest != _digest(query):
            raise _refused(_FOREIGN)
        after = _decoded(cursor.after, by)
        size = query.page_size or cursor.page_size
        return PageRequest(by, size, cursor.before, after, query.count, query.count == "exact")

    def fields(self, query: PageQuery, found: PageResult[T]) -> PageFields:
        """Return the fields of a list answer except its items, with `next_cursor` if there is a next page."""
        if found.is_last:
            return found.fields(UNSET)
        shown = found.page_request.before + len(found.rows)
        after = msgspec.Raw(_ENCODER.encode(found.page_request.by.of(found.rows[-1])))
        content = _ENCODER.encode(_Cursor(_digest(query), shown, found.page_request.page_size, after))
        return found.fields(_signed(content, self._keys[0]))

    def _read(self, text: str) -> _Cursor:
        try:
            signed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise _refused(_FORGED) from None
        content = signed[:-_TAG]
        # The texts are compared, because Python's decoder ignores invalid characters.
        if not any(hmac.compare_digest(text.encode(), _signed(content, key).encode()) for key in self._keys):
            raise _refused(_FORGED)
        return _decoded(content, _Cursor)


S = TypeVar("S", bound=Struct)


def _decoded(content: bytes | msgspec.Raw, into: type[S]) -> S:
    """Decode content that we encoded. Raises `Invalid` for content of another version."""
    try:
        return msgspec.msgpack.decode(content, type=into)
    except msgspec.MsgspecError:
        raise _refused(_FORGED) from None


def _signed(content: bytes, key: bytes) -> str:
    """Return the text of a cursor."""
    return urlsafe_b64encode(content + hmac.digest(key, content, "sha256")[:_TAG]).rstrip(b"=").decode()


def _digest(query: PageQuery) -> bytes:
    """Return a digest of list, sort and filters. Parameters added to a list later do not change it."""
    given: dict[str, object] = {}
    for name, default in _filters(type(query)):
        if (value := getattr(query, name)) != default:
            given[name] = value
    return hashlib.sha256(_ENCODER.encode([type(query).__name__, given])).digest()[:_DIGEST]


@functools.cache
def _filters(kind: type[PageQuery]) -> tuple[tuple[str, object], ...]:
    """Return the sort and filter parameters of a list with their defaults: all except those that choose a page."""
    page_fields = PageQuery.__struct_fields__
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind) if field.name not in page_fields)


def _refused(reason: str) -> Invalid:
    return Invalid(details=[FieldError("cursor", reason)])
