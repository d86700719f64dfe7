"""The access log: one line for each request.

A line is written at the end of every request, so it has a way of its own, from a struct straight to bytes: the way over
structlog and the standard library, which all other messages take, costs as much as routing the request does.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog
from msgspec import Struct

NAME = "angidi.access"

_ENCODER = msgspec.json.Encoder()


class AccessLine(Struct, frozen=True):
    """What is said of a request, in this order. A query string is not: it may hold a secret."""

    request_id: str
    method: str
    route: str
    path: str
    status: int
    duration_ms: float
    statements: int
    event: str = "request"
    logger: str = NAME
    level: str = "info"
    timestamp: datetime = msgspec.field(default_factory=partial(datetime.now, UTC))


AccessLog = Callable[[AccessLine], None]


def through_structlog(line: AccessLine) -> None:
    """Log a line as any other message: for the console form, and where nothing is configured."""
    said = msgspec.structs.asdict(line)
    for added_by_structlog in ("event", "logger", "level", "timestamp"):
        del said[added_by_structlog]
    structlog.get_logger(NAME).info(line.event, **said)


def nowhere(line: AccessLine) -> None:
    """Log nothing: only what is more severe is wanted."""


class JsonLines:
    """Writes lines as JSON to standard error, each by one write and at once."""

    def __init__(self) -> None:
        self._stream = sys.stderr.buffer

    def __call__(self, line: AccessLine) -> None:
        """Write a line. A log that cannot be written fails no request."""
        try:
            self._stream.write(_encoded(line))
            self._stream.flush()
        except (OSError, ValueError):
            pass


def _encoded(line: AccessLine) -> bytes:
    """Return the line as ASCII: what a path has beyond could break a line, or steer a terminal."""
    try:
        encoded = _ENCODER.encode(line)
    except UnicodeEncodeError:  # a lone surrogate
        return _escaped(line)
    return encoded + b"\n" if encoded.isascii() else _escaped(line)


def _escaped(line: AccessLine) -> bytes:
    return json.dumps(msgspec.to_builtins(line)).encode() + b"\n"
