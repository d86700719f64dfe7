"""The access log: one line for each request.

A line is written at the end of every request, so it has a way of its own, from a struct straight to bytes: the way over
structlog and the standard library, which all other messages take, costs as much as routing the request does.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
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


def log_with_structlog(line: AccessLine) -> None:
    """Log a line as any other message: for the console form, and where nothing is configured."""
    fields = msgspec.structs.asdict(line)
    for added_by_structlog in ("event", "logger", "level", "timestamp"):
        del fields[added_by_structlog]
    structlog.get_logger(NAME).info(line.event, **fields)


def discard(line: AccessLine) -> None:
    """Log nothing: only what is more severe is wanted."""


class JsonLines:
    """Writes lines as JSON to standard error: those of one turn of the event loop together."""

    def __init__(self) -> None:
        self._stream = sys.stderr.buffer
        self._lines: list[bytes] = []

    def __call__(self, line: AccessLine) -> None:
        """Have a line written before the event loop waits again."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(_encoded(line))

    def _write(self) -> None:
        """Write the lines. A log that cannot be written fails no request."""
        lines, self._lines = self._lines, []
        with suppress(OSError, ValueError):
            self._stream.write(b"".join(lines))
            self._stream.flush()


def _encoded(line: AccessLine) -> bytes:
    """Return the line as ASCII: what a path has beyond could break a line, or steer a terminal."""
    try:
        encoded = _ENCODER.encode(line)
    except UnicodeEncodeError:  # a lone surrogate
        return _escaped(line)
    return encoded + b"\n" if encoded.isascii() else _escaped(line)


def _escaped(line: AccessLine) -> bytes:
    return json.dumps(msgspec.to_builtins(line)).encode() + b"\n"
