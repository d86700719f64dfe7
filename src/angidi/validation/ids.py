"""Ids in paths and queries."""

from uuid import UUID

import msgspec


def filter_id(text: str) -> UUID:
    """Return the UUID in `text`, or else the nil UUID, which no row has: a filter by it matches nothing."""
    return parse_id(text) or UUID(int=0)


def parse_id(text: str) -> UUID | None:
    """Return the UUID in `text`, or None."""
    try:
        return _id(text)
    except ValueError:
        return None


def _id(text: str) -> UUID:
    """Return the UUID. Raises ValueError. `UUID` itself also accepts braces, signs and underscores."""
    return msgspec.convert(text, UUID)
