"""Large bodies: a few operations of admins accept them, a limited number at a time."""

from angidi.concurrency import ConcurrencyLimiter

LARGE_BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of a request body of an operation that takes large ones."""

MAX_CONCURRENT_UPLOADS = 8
"""Large bodies that one worker holds: 32 MiB as received, and several times that while they are decoded."""

SECONDS = 30.0
"""Time limit of a request with a large body: longer than its statements may take."""


def limit_uploads() -> ConcurrencyLimiter:
    """Return the limiter. A large body holds a slot from its first byte to its response."""
    return ConcurrencyLimiter(MAX_CONCURRENT_UPLOADS, "Too many large requests are under way. Please try again.")
