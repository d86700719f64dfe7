"""Ids, made by the application: UUID version 7 (RFC 9562), so that keys are inserted in the order of time."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a fresh id, above every id that this process made before."""
    return uuid7()
