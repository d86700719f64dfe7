"""Attempts to log in: keys and rows."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct


class AttemptKeys(NamedTuple):
    """HMACs of an account, and of it with the client address (`origin`): `known` has the latter by each key in use."""

    account: bytes
    origin: bytes
    known: list[bytes]


class LoginAttempt(Struct, frozen=True):
    """An attempt that was counted, or one that is refused for `wait` seconds if that is more than 0."""

    wait: int
    began_at: datetime
