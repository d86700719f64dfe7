"""UUIDs version 7 (RFC 9562), created by the application, so that keys are inserted in time order."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new id, greater than all earlier ones of this process."""
    return uuid7()
