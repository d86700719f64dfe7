"""The data of attempts to log in."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct


class Keys(NamedTuple):
    """HMACs: of the account, of account and client address, and the latter by every key that is still accepted."""

    account: bytes
    origin: bytes
    known: list[bytes]


class Begun(Struct, frozen=True):
    """An attempt that was counted, or, if `wait` is more than 0, refused for so many seconds."""

    wait: int
    began_at: datetime
