"""Errors as responses: the table from category to status, and the log lines of errors."""

import traceback

import structlog
from msgspec import UNSET

from angidi import errors
from angidi.db.errors import error_reason, failed_statement, log_fields
from angidi.errors import AngidiError, RateLimited
from angidi.http.core.request import Request
from angidi.http.core.responses import ErrorBody, Failure, Headers, Response, encoded
from angidi.http.core.validators import etag
from angidi.idempotency.errors import KeyInProgress, KeyReused
from angidi.resources import Detail, PreconditionRequired, VersionMismatch

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.errors")


class MethodNotAllowed(AngidiError):
    """The path exists, but not with this method; `allow` lists its methods."""

    code = "METHOD_NOT_ALLOWED"
    message = "Method not allowed; see the Allow header."
    allow: bytes = b""

    @classmethod
    def allowing(cls, allow: bytes) -> "MethodNotAllowed":
        """Return the error for a path with the methods in `allow`."""
        error = cls()
        error.allow = allow
        return error


CHALLENGE = b'Bearer realm="angidi"'

TOKEN_REFUSED = frozenset({"EXPIRED_TOKEN", "INVALID_TOKEN"})
"""Codes of an access token that was read and refused."""

STATUS: dict[type[AngidiError], int] = {
    errors.Invalid: 400,
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    errors.Conflict: 409,
    VersionMismatch: 412,
    errors.TooLarge: 413,
    KeyReused: 422,
    PreconditionRequired: 428,
    RateLimited: 429,
    errors.Unavailable: 503,
    AngidiError: 500,
}
"""Status by category; an error has that of its nearest base class."""


def status_of(error: type[AngidiError]) -> int:
    """Return the status that answers `error`."""
    return next(STATUS[base] for base in error.__mro__ if base in STATUS)


def response_to(error: Exception, request: Request) -> Response:
    """Return the response to an exception; log it if an operator has to see it."""
    if not isinstance(error, AngidiError):
        _log_unforeseen(error, request)
        error = AngidiError()
    elif isinstance(error, errors.UnreadableData):
        log.error("stored data cannot be read", **_details(error, request))
    elif error.__cause__ is not None and isinstance(error, errors.Unavailable):
        log.warning("database unavailable", **_details(error, request))
    return encoded(_body_of(error, request), status_of(type(error)), _headers_of(error, request))


def _body_of(error: AngidiError, request: Request) -> Failure:
    details = [Detail(field, message) for field, message in error.details] or UNSET
    return Failure(ErrorBody(error.code, error.text, request.id, details))


def _headers_of(error: AngidiError, request: Request) -> Headers:
    headers: Headers = [(b"connection", b"close")] if request.closes else []
    if isinstance(error, errors.Unavailable | RateLimited | KeyInProgress):
        headers.append((b"retry-after", b"%d" % error.retry_after))
    if isinstance(error, VersionMismatch) and error.resource:
        headers.append((b"etag", etag(error.resource).encode()))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allow))
    if isinstance(error, errors.Unauthenticated):
        headers.append((b"www-authenticate", _challenge(error, request)))
    return headers


def _challenge(error: errors.Unauthenticated, request: Request) -> bytes:
    """Return what a 401 asks for (RFC 6750, section 3): without an error code if no token was sent."""
    is_refused = b"authorization" in request.fields and error.code in TOKEN_REFUSED
    return CHALLENGE + b', error="invalid_token"' if is_refused else CHALLENGE


def _details(error: AngidiError, request: Request) -> dict[str, str | None]:
    """Return the log fields of a database error. They contain no parameter values."""
    cause = error.__cause__
    return {
        "kind": type(error).__name__,
        "error": type(cause).__name__,
        "reason": error_reason(cause),
        "statement": failed_statement(error),
        "request_id": request.id,
    }


def _log_unforeseen(error: Exception, request: Request) -> None:
    if report := log_fields(error):
        stack = "".join(traceback.format_tb(error.__traceback__))
        log.error("unforeseen error of the database", **report, stack=stack, request_id=request.id)
    else:
        log.error("unforeseen error", exc_info=error, request_id=request.id)
