"""A sliding-window counter in memory that all workers of a server share.

The window is the usual two-bucket approximation: the count of the running minute, plus the share of the previous
minute's that still lies within the last sixty seconds. A record holds a hash of the key, the minute, and both counts.
"""

import fcntl
import functools
import hashlib
import math
import mmap
import os
import struct

_RECORD = struct.Struct("<QIII4x")
_SLOTS = 1 << 16
_PROBES = 8
_SECONDS = 60

SIZE = _SLOTS * _RECORD.size
"""Bytes of memory that a counter needs."""


class SlidingWindowCounter:
    """Counts hits per key and minute; at most `limit` in any sixty seconds.

    Processes that open the same `memory` (see `shared_memory`) count together; without it this one counts for itself.
    The table holds 65,536 keys (1.5 MB). When eight neighbouring records are in use, the least recently used is
    replaced.
    """

    def __init__(self, limit: int, memory: str | None = None) -> None:
        self._limit = limit
        self._file = os.open(memory, os.O_RDWR) if memory else None
        self._map = mmap.mmap(-1 if self._file is None else self._file, SIZE)

    def close(self) -> None:
        """Unmap the memory."""
        self._map.close()
        if self._file is not None:
            os.close(self._file)

    def hit(self, key: str, now: float) -> int:
        """Count a hit at `now` and return 0, or refuse it and return the seconds to wait, ≥ 1.

        `now` is in seconds of a clock that the processes share. Raises `OSError` if the memory cannot be locked.
        """
        if self._file is None:
            return self._count(_digest(key), now)
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            return self._count(_digest(key), now)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _count(self, digest: int, now: float) -> int:
        minute, into = divmod(now, _SECONDS)
        offset, record = self._place(digest)
        if record[:2] != (digest, minute):
            record = _rolled(record, digest, int(minute))
        _, seen, current, previous = record
        estimate = current + previous * (1 - into / _SECONDS)
        if estimate + 1 > self._limit:
            return _wait(current, previous, into, self._limit)
        _RECORD.pack_into(self._map, offset, digest, seen, current + 1, previous)
        return 0

    def _place(self, digest: int) -> tuple[int, tuple[int, ...]]:
        """Return offset and content of the key's record, or of the one to replace."""
        others: list[tuple[int, int, tuple[int, ...]]] = []
        for place in range(digest, digest + _PROBES):
            offset = place % _SLOTS * _RECORD.size
            record = _RECORD.unpack_from(self._map, offset)
            if record[0] == digest:
                return offset, record
            others.append((record[1], offset, record))
        _, offset, record = min(others)  # the one unused for longest
        return offset, record


@functools.lru_cache(4096)
def _digest(key: str) -> int:
    """Return the hash of the key in the table; 0 marks an empty record."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) or 1


def _rolled(record: tuple[int, ...], digest: int, minute: int) -> tuple[int, int, int, int]:
    """Return the record advanced to `minute`, or a new one for another key."""
    owner, seen, current, previous = record
    if owner != digest or minute - seen > 1 or minute < seen:
        return digest, minute, 0, 0
    if minute == seen + 1:
        return digest, minute, 0, current
    return digest, seen, current, previous


def _wait(current: int, previous: int, into: float, limit: int) -> int:
    """Return the whole seconds until one more hit fits."""
    if current + 1 > limit or not previous:
        return max(1, math.ceil(_SECONDS - into))
    share = (limit - current - 1) / previous
    return max(1, math.ceil(_SECONDS * (1 - share) - into))
