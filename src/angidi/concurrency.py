"""A limit of concurrent work without a queue."""

from collections.abc import Generator
from contextlib import contextmanager

from angidi.errors import Unavailable


class ConcurrencyLimiter:
    """At most `number` holders; further calls are refused at once, not queued."""

    def __init__(self, number: int, message: str) -> None:
        self._free = number
        self._message = message

    @contextmanager
    def acquire(self) -> Generator[None]:
        """Hold a slot for the length of the block. Raises `Unavailable` if none is free."""
        if not self._free:
            raise Unavailable(self._message)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
