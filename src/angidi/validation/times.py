"""Times in queries."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

_Zoned = Annotated[datetime, Meta(tz=True)]


def parse_time(text: str) -> datetime:
    """Return the time that an RFC 3339 text with a zone means, in UTC. Raises ValueError.

    A “+” that was not escaped in a URL arrives as a blank.
    """
    try:
        return msgspec.convert(text.replace(" ", "+"), _Zoned).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise ValueError("must be a time as RFC 3339 has it, such as 2026-01-31T12:00:00Z") from None
