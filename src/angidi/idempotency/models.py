"""Requests with an Idempotency-Key, and the answers that are kept."""

from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from angidi.resources import Precondition


class Key(Struct):
    """An Idempotency-Key with the account that it belongs to and the hash of the request.

    `is_replay` is set when the answer is the one that was kept.
    """

    user_id: UUID
    text: str
    hash: bytes
    is_replay: bool = False


class KeptAnswer(Struct, frozen=True):
    """What is kept of an answer: the hash of its request, and its data as JSON."""

    hash: bytes
    document: str


class Conditions(NamedTuple):
    """The `If-Match` and the Idempotency-Key of a request that may have both, each None without its header."""

    known: Precondition | None = None
    key: Key | None = None
