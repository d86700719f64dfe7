"""The access log: one line per request.

Lines are encoded directly from a struct to bytes. The path through structlog and the standard library, which all other
messages take, would cost as much as routing the request.
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
    """The fields of a line, in their order. The query string is not logged: it may contain secrets."""

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
    """Log a line through structlog: if nothing is configured."""
    fields = msgspec.structs.asdict(line)
    for added_by_structlog in ("event", "logger", "level", "timestamp"):
        del fields[added_by_structlog]
    structlog.get_logger(NAME).info(line.event, **fields)


def discard(line: AccessLine) -> None:
    """Discard a line: the log level is above `info`."""


class JsonLines:
    """Writes lines as JSON to standard error, batching those of one event loop iteration."""

    def __init__(self) -> None:
        self._stream = sys.stderr.buffer
        self._lines: list[bytes] = []

    def __call__(self, line: AccessLine) -> None:
        """Queue a line, to be written in this iteration of the event loop."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        try:
            encoded = _ENCODER.encode(line)
        except UnicodeEncodeError:  # a lone surrogate
            encoded = None
        self._lines.append(encoded + b"\n" if encoded and encoded.isascii() else _escaped(line))

    def _write(self) -> None:
        """Write the queued lines. A failing log never fails a request."""
        lines, self._lines = self._lines, []
        with suppress(OSError, ValueError):
            self._stream.write(b"".join(lines))
            self._stream.flush()


def _escaped(line: AccessLine) -> bytes:
    """Return the line as ASCII, because other characters in a path could break the line or control a terminal."""
    return json.dumps(msgspec.to_builtins(line)).encode() + b"\n"
