"""Log lines for people: time, level, message, then the fields, dimmed. A request is a line of its own form.

09:12:07 info     GET /api/v1/products 200 3 ms
"""

import os
import sys
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, TextIO

from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter, plain_traceback

from angidi.telemetry.access_log import AccessLine

TIME = "%H:%M:%S"
"""In the local time zone, as `strftime` takes it."""

LEVELS = ("debug", "info", "warning", "error", "critical")
WIDTH = max(map(len, LEVELS))


class Styles(NamedTuple):
    """Escape sequences of a terminal; all empty without colours."""

    reset: str = ""
    dim: str = ""
    bold: str = ""
    green: str = ""
    yellow: str = ""
    red: str = ""

    def of_level(self, level: str) -> str:
        """Return the style of a level's name."""
        return {"debug": self.dim, "info": self.green, "warning": self.yellow}.get(level, self.red)

    def of_status(self, status: int) -> str:
        """Return the style of an HTTP status: server errors and client errors stand out."""
        return self.red if status >= 500 else self.yellow if status >= 400 else self.green  # noqa: PLR2004 - HTTP's


COLOURED = Styles("\x1b[0m", "\x1b[2m", "\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[31m")


def styles_for(stream: TextIO) -> Styles:
    """Return colours for a terminal, unless NO_COLOR (https://no-color.org) or a dumb terminal forbids them."""
    forbidden = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return COLOURED if stream.isatty() and not forbidden else Styles()


def console_renderer(styles: Styles) -> ConsoleRenderer:
    """Return the processor that renders messages for people."""

    def level(key: str, value: object) -> str:
        del key
        return f"{styles.of_level(str(value))}{value!s:<{WIDTH}}{styles.reset}"

    fields = KeyValueColumnFormatter(styles.dim, styles.dim, styles.reset, _quoted)
    time = KeyValueColumnFormatter(None, styles.dim, styles.reset, str)
    event = KeyValueColumnFormatter(None, styles.bold, styles.reset, str)
    columns = [Column("timestamp", time), Column("level", level), Column("event", event), Column("", fields)]
    return ConsoleRenderer(columns=columns, exception_formatter=plain_traceback)


class ConsoleLines:
    """Writes the access log for people."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._styles = styles_for(self._stream)

    def __call__(self, line: AccessLine) -> None:
        """Write a line. A failing log never fails a request."""
        styles, milliseconds = self._styles, line.duration_ms
        path = line.path if line.path.isprintable() else ascii(line.path)[1:-1]
        method = line.method if line.method.isprintable() else ascii(line.method)[1:-1]
        parts = (
            f"{styles.dim}{datetime.now().astimezone():{TIME}}{styles.reset}",
            f"{styles.of_level(line.level)}{line.level:<{WIDTH}}{styles.reset}",
            f"{method} {path} {styles.of_status(line.status)}{line.status}{styles.reset}",
            f"{styles.dim}{milliseconds:.{0 if milliseconds >= 1 else 1}f} ms{styles.reset}\n",
        )
        with suppress(OSError, ValueError):
            self._stream.write(" ".join(parts))
            self._stream.flush()


def _quoted(value: object) -> str:
    """Return a field's value; a text with blanks in quotes, so that one sees where it ends."""
    text = repr(value) if isinstance(value, str) and " " in value else str(value)
    return text if text.isprintable() else ascii(text)[1:-1]
