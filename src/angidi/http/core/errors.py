"""Errors as answers: the one table from category to status, and the handlers that use it."""

import traceback
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request
from litestar.exceptions import HTTPException
from msgspec import UNSET

from angidi import errors
from angidi.db.errors import error_reason, failed_statement, log_fields
from angidi.errors import AngidiError
from angidi.http.core.responses import Detail, ErrorBody, Failure, JSONResponse

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.errors")


class MethodNotAllowed(AngidiError):
    """The address exists, but not for this method."""

    code = "METHOD_NOT_ALLOWED"
    message = "This address does not take this method; see the Allow header."


class RateLimited(AngidiError):
    """The client asked too often."""

    code = "RATE_LIMIT_EXCEEDED"
    message = "Too many requests. Please wait as long as Retry-After says."


STATUS: dict[type[AngidiError], int] = {
    errors.Invalid: 400,
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    RateLimited: 429,
    errors.Unavailable: 503,
    AngidiError: 500,
}
"""A category's status; an error has that of its nearest base."""


def status_of(error: type[AngidiError]) -> int:
    """Return the status that answers `error`."""
    return next(STATUS[base] for base in error.__mro__ if base in STATUS)


def body_of(error: AngidiError, request_id: str) -> Failure:
    """Return the answer for `error`."""
    details = [Detail(field, message) for field, message in error.details] or UNSET
    return Failure(ErrorBody(error.code, error.text, request_id, details))


def headers_of(error: AngidiError) -> dict[str, str]:
    """Return the headers that go with `error`."""
    return {"Retry-After": str(error.retry_after)} if isinstance(error, errors.Unavailable) else {}


def _answer(request: Request[Any, Any, Any], error: AngidiError, headers: dict[str, str]) -> JSONResponse:
    return JSONResponse(
        body_of(error, request.scope["state"].get("request_id", "")),
        status_code=status_of(type(error)),
        headers=headers_of(error) | headers,
        media_type="application/json",
    )


def _declared(request: Request[Any, Any, Any], error: AngidiError) -> JSONResponse:
    if isinstance(error, errors.UnreadableData):
        log.error("stored data cannot be read", **_details(request, error))
    elif error.__cause__ is not None and isinstance(error, errors.Unavailable):
        log.warning("database unavailable", **_details(request, error))
    return _answer(request, error, {})


def _details(request: Request[Any, Any, Any], error: AngidiError) -> dict[str, str | None]:
    """Return what a log line tells of an error of the database. No value of a parameter is among it."""
    cause = error.__cause__
    return {
        "kind": type(error).__name__,
        "error": type(cause).__name__,
        "reason": error_reason(cause),
        "statement": failed_statement(error),
        "request_id": request.scope["state"].get("request_id"),
    }


def _from_router(request: Request[Any, Any, Any], error: HTTPException) -> JSONResponse:
    """Answer what Litestar itself refuses: an unknown address, a method, a path that is not UTF-8."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _answer(request, errors.NotFound(), {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _answer(request, MethodNotAllowed(), dict(error.headers or {}))
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer(request, errors.Malformed("The request cannot be read."), {})
    return _unforeseen(request, error)


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> JSONResponse:
    request_id = request.scope["state"].get("request_id")
    if report := log_fields(error):
        stack = "".join(traceback.format_tb(error.__traceback__))
        log.error("unforeseen error of the database", **report, stack=stack, request_id=request_id)
    else:
        log.error("unforeseen error", exc_info=error, request_id=request_id)
    return _answer(request, AngidiError(), {})


HANDLERS: dict[int | type[Exception], Any] = {
    AngidiError: _declared,
    HTTPException: _from_router,
    Exception: _unforeseen,
}
