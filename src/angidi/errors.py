"""What can go wrong, as types: the categories, and the registry that ties database constraints to them.

A feature declares its errors and never catches the driver's::

    class EmailTaken(Conflict, table="users", constraint="users_email_active_key"):
        code = "EMAIL_EXISTS"
        message = "This email address is already registered."

`db.errors` turns a violated constraint into the error declared for it; `http.core.errors` turns a category into a
status, `cli` into an exit code. Nothing here knows of PostgreSQL, HTTP or a terminal.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

Side = Literal["row", "parent"]
"""Whose change broke a foreign key: the referencing row's, or the referenced parent's."""


class Constraint(NamedTuple):
    """A database constraint as errors are keyed by it; `side` tells a foreign key's two violations apart."""

    table: str
    name: str
    side: Side = "row"


class FieldError(NamedTuple):
    """One refused field: its name as spelt in the JSON, and what is wrong with it."""

    field: str
    message: str


REGISTRY: dict[Constraint, type["AngidiError"]] = {}
"""Every constraint that has an error of its own. Filled by class definitions, read by `db.errors`."""


class AngidiError(Exception):
    """Base of every error that a caller is meant to see.

    `code` and `message` are the public face. Where `field` is set, `message` says what is wrong with that field: it
    stands in `details`, and the error as a whole says what its category does.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    message: ClassVar[str] = "Something went wrong on our side."
    field: ClassVar[str | None] = None

    def __init_subclass__(cls, *, table: str | None = None, constraint: str | None = None, side: Side = "row") -> None:
        """Register the class for `constraint` of `table`, where both are given."""
        super().__init_subclass__()
        if table and constraint:
            REGISTRY[Constraint(table, constraint, side)] = cls

    def __init__(self, message: str | None = None, *, details: Sequence[FieldError] = ()) -> None:
        said = message or self.message
        self.text = self._category().message if self.field else said
        self.details = tuple(details) or ((FieldError(self.field, said),) if self.field else ())
        super().__init__(self.text)

    @classmethod
    def _category(cls) -> type["AngidiError"]:
        """Return the nearest class that is not about one field."""
        return next(kind for kind in cls.__mro__ if issubclass(kind, AngidiError) and kind.field is None)


class Invalid(AngidiError):
    """Well-formed input that breaks a rule; `details` has one entry per failing field."""

    code = "VALIDATION_ERROR"
    message = "The request has invalid fields."


class Malformed(AngidiError):
    """Input that is not what it must be at all, such as a body that is no JSON object."""

    code = "INVALID_REQUEST"
    message = "The request body must be a JSON object."


class Unauthenticated(AngidiError):
    """Nobody, or nobody we know, is asking."""

    code = "INVALID_TOKEN"
    message = "The token is not valid."


class Forbidden(AngidiError):
    """The asker is known and may not do this."""

    code = "FORBIDDEN"
    message = "You are not allowed to do this."


class NotFound(AngidiError):
    """What was named does not exist, or not for the one who asks."""

    code = "NOT_FOUND"
    message = "Not found."


class Conflict(AngidiError):
    """The request is fine and the present state does not allow it."""

    code = "CONFLICT"
    message = "The present state does not allow this."


class TooLarge(AngidiError):
    """The body is larger than is read."""

    code = "PAYLOAD_TOO_LARGE"
    message = "The request body is too large."


class UnreadableData(AngidiError):
    """A stored value that cannot be read, such as a timestamp after the year 9999; the cause says which."""


class Unavailable(AngidiError):
    """Not now: the same request may succeed after `retry_after` seconds."""

    code = "DATABASE_UNAVAILABLE"
    message = "The database cannot be reached right now. Please try again."
    retry_after: ClassVar[int] = 2


class ServerOverloaded(Unavailable):
    """More work has come than connections, or the server, can take."""

    message = "The shop is busier than it can serve right now. Please try again."


class StatementTimeout(Unavailable):
    """A statement, or its transaction, reached its time limit or was cancelled; it was rolled back."""

    message = "The request took too long and was given up. Narrow it, or try again."


class LockWaitTimeout(Unavailable):
    """Others hold what the statement has to lock, for longer than it may wait."""

    message = "Another change holds what this request needs. Please try again."
    retry_after = 1


class ResponseTimeout(Unavailable):
    """The answer is not there in time; whether a change took effect is unknown."""

    message = "There was no answer in time. If this was a change, look whether it took effect."


class ReadOnlyDatabase(Unavailable):
    """The server takes no writes: it is a standby, or was set so."""

    message = "The database takes no changes right now. Please try again."


class DiskFull(Unavailable):
    """The server has no room on its disk."""

    message = "The database has no room left for this. Please try again later."
    retry_after = 30


class TransactionConflict(Unavailable):
    """The server rolled the work back (serialization failure, deadlock): it may be run again as a whole."""

    message = "The request collided with others too often. Please try again."
    retry_after = 1


class ConnectionLost(Unavailable):
    """The connection broke under a statement; whether a change took effect is unknown."""

    message = "The connection to the database was lost. If this was a change, look whether it took effect."
