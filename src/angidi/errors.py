"""Error classes: the categories, and the registry of errors by database constraint.

A feature declares its errors and never catches the driver's::

    class EmailTaken(Conflict, table="users", constraint="users_email_active_key"):
        code = "EMAIL_EXISTS"
        message = "This email address is already registered."

`db.errors` turns a violated constraint into the error declared for it. `http.core.errors` maps categories to statuses,
`cli` to exit codes. This module does not know PostgreSQL, HTTP or a terminal.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple, Self

Side = Literal["row", "parent"]
"""Which change violated a foreign key: of the referencing row, or of the referenced parent."""


class Constraint(NamedTuple):
    """Key of an error: a database constraint. `side` distinguishes the two violations of a foreign key."""

    table: str
    name: str
    side: Side = "row"


class FieldError(NamedTuple):
    """One refused field: its name as in the JSON, and what is wrong."""

    field: str
    message: str


REGISTRY: dict[Constraint, type["AngidiError"]] = {}
"""The error of each constraint. Filled by class definitions, read by `db.errors`."""


class AngidiError(Exception):
    """Base of all errors that callers see.

    `code` and `message` are public. If `field` is set, `message` is about that field and goes to `details`; the error
    itself then has the message of its category.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    message: ClassVar[str] = "Something went wrong on our side."
    field: ClassVar[str | None] = None

    def __init_subclass__(cls, *, table: str | None = None, constraint: str | None = None, side: Side = "row") -> None:
        """Register the class for `constraint` of `table`, if both are given."""
        super().__init_subclass__()
        if table and constraint:
            REGISTRY[Constraint(table, constraint, side)] = cls

    def __init__(self, message: str | None = None, *, details: Sequence[FieldError] = ()) -> None:
        message = message or self.message
        self.text = self._category().message if self.field else message
        self.details = tuple(details) or ((FieldError(self.field, message),) if self.field else ())
        super().__init__(self.text)

    @classmethod
    def of_detail(cls, detail: str) -> Self:
        """Return the error for a violated constraint; `detail` is what the server says about it besides."""
        del detail
        return cls()

    @classmethod
    def _category(cls) -> type["AngidiError"]:
        """Return the nearest class that is not about one field."""
        return next(kind for kind in cls.__mro__ if issubclass(kind, AngidiError) and kind.field is None)


class Invalid(AngidiError):
    """Well-formed input that violates a rule; `details` has one entry per wrong field."""

    code = "VALIDATION_ERROR"
    message = "The request has invalid fields."


class OutOfRange(Invalid):
    """A number, or what would be computed from it, that its column cannot hold. Services say which it is."""

    message = "A value is out of the range that can be stored."


class Malformed(AngidiError):
    """Input of the wrong form, such as a body that is not a JSON object."""

    code = "INVALID_REQUEST"
    message = "The request body must be a JSON object."


class Unauthenticated(AngidiError):
    """The caller has no valid credentials."""

    code = "INVALID_TOKEN"
    message = "The token is not valid."


class Forbidden(AngidiError):
    """The caller may not do this."""

    code = "FORBIDDEN"
    message = "You are not allowed to do this."


class NotFound(AngidiError):
    """The resource does not exist, or not for this caller."""

    code = "NOT_FOUND"
    message = "Not found."


class Conflict(AngidiError):
    """The request is valid, but the current state does not allow it."""

    code = "CONFLICT"
    message = "The present state does not allow this."


class TooLarge(AngidiError):
    """The body exceeds the limit."""

    code = "PAYLOAD_TOO_LARGE"
    message = "The request body is too large."


class RateLimited(AngidiError):
    """The client has to wait; it may try again after `retry_after` seconds."""

    code = "RATE_LIMIT_EXCEEDED"
    message = "Too many requests. Please wait as long as Retry-After says."
    retry_after: int = 1

    @classmethod
    def until(cls, seconds: int) -> Self:
        """Return the error for a client that has to wait this long."""
        error = cls()
        error.retry_after = seconds
        return error


class UnreadableData(AngidiError):
    """A stored value cannot be read, such as a timestamp after the year 9999; the cause has the details."""


class Unavailable(AngidiError):
    """Temporary failure: the same request may succeed after `retry_after` seconds."""

    code = "DATABASE_UNAVAILABLE"
    message = "The database cannot be reached right now. Please try again."
    retry_after: ClassVar[int] = 2


class ServerOverloaded(Unavailable):
    """More requests than the connections, or the server, can handle."""

    message = "The shop is busier than it can serve right now. Please try again."


class StatementTimeout(Unavailable):
    """A statement or its transaction reached its time limit or was cancelled; it was rolled back."""

    message = "The request took too long and was given up. Narrow it, or try again."


class LockWaitTimeout(Unavailable):
    """Other transactions hold the required locks for longer than the statement may wait."""

    message = "Another change holds what this request needs. Please try again."
    retry_after = 1


class ResponseTimeout(Unavailable):
    """No answer in time; whether a change took effect is unknown."""

    message = "There was no answer in time. If this was a change, look whether it took effect."


class ReadOnlyDatabase(Unavailable):
    """The server accepts no writes: it is a standby or read-only."""

    message = "The database takes no changes right now. Please try again."


class DiskFull(Unavailable):
    """The server's disk is full."""

    message = "The database has no room left for this. Please try again later."
    retry_after = 30


class TransactionConflict(Unavailable):
    """The server rolled the transaction back (serialization failure, deadlock); it can be retried as a whole."""

    message = "The request collided with others too often. Please try again."
    retry_after = 1


class ConnectionLost(Unavailable):
    """The connection broke during a statement; whether a change took effect is unknown."""

    message = "The connection to the database was lost. If this was a change, look whether it took effect."
