"""Ids in paths and queries."""

from uuid import UUID

import msgspec

from angidi.errors import AngidiError


def parse_id(text: str, missing: type[AngidiError]) -> UUID:
    """Return the id that `text` spells; raises `missing` where it spells none."""
    try:
        return _id(text)
    except ValueError:
        raise missing from None


def filter_id(text: str) -> UUID:
    """Return the id that `text` spells, or the nil UUID, which no row has: a filter by it finds nothing."""
    try:
        return _id(text)
    except ValueError:
        return UUID(int=0)


def _id(text: str) -> UUID:
    """Return the id; raises ValueError. `UUID` itself also takes braces, signs and underscores."""
    return msgspec.convert(text, UUID)
