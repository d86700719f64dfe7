"""Large bodies: a few operations take more than the rest, from admins, and so many at a time."""

from angidi.concurrency import ConcurrencyLimiter

LARGE_BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of a request body of an operation that takes large ones."""

AT_A_TIME = 8
"""Large bodies that one worker holds: 32 MiB as they come, and some times that while they are decoded."""

SECONDS = 30.0
"""In which a large request is answered; above what its statements may take."""


def limit_uploads() -> ConcurrencyLimiter:
    """Return what a large body holds a slot of, from its first byte to its answer."""
    return ConcurrencyLimiter(AT_A_TIME, "Too many large requests are under way. Please try again.")
