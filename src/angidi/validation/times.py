"""Times in queries."""

from datetime import UTC, datetime

import msgspec


def parse_time(text: str) -> datetime:
    """Return the time that an RFC 3339 text with a zone means, in UTC. Raises ValueError.

    A “+” that was not escaped in a URL arrives as a blank.
    """
    try:
        time = msgspec.convert(text.replace(" ", "+"), datetime)
        return time.astimezone(UTC) if time.tzinfo else _refuse()
    except (msgspec.ValidationError, OverflowError):
        return _refuse()


def _refuse() -> datetime:
    raise ValueError("must be a time as RFC 3339 has it, such as 2026-01-31T12:00:00Z")
