"""A bound on how much of something is under way at a time."""

from collections.abc import Generator
from contextlib import contextmanager

from angidi.errors import Unavailable


class ConcurrencyLimiter:
    """So many at a time; whoever comes beyond is told to come back rather than queued."""

    def __init__(self, number: int, message: str) -> None:
        self._free = number
        self._message = message

    @contextmanager
    def acquire(self) -> Generator[None]:
        """Hold a slot. Raises `Unavailable` where none is free."""
        if not self._free:
            raise Unavailable(self._message)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
