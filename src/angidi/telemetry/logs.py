"""Log configuration: one JSON object per line on standard error, or lines for people.

Values are JSON-encoded, so a line break in a value cannot forge a line; the console format escapes control characters.
Bodies, Authorization headers and query strings are never logged: they contain secrets.
"""

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

from angidi.telemetry.access_log import AccessLog, JsonLines, discard
from angidi.telemetry.console import TIME, ConsoleLines, console_renderer, styles_for


def configure(level: str, form: Literal["json", "console"] | None) -> AccessLog:
    """Configure structlog and the standard library's logging.

    `form` None is `console` on a terminal, else `json`. Returns the writer of the access log.
    """
    on_console = form == "console" or (form is None and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt=TIME, utc=False)
        if on_console
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: Processor = console_renderer(styles_for(sys.stderr)) if on_console else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _escape, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    if not root.isEnabledFor(logging.INFO):
        return discard
    return ConsoleLines() if on_console else JsonLines()


def _escape(_: Any, __: str, event: EventDict) -> EventDict:
    """Escape control characters in values, except line breaks of a traceback."""
    return {key: _escaped(key, value) if isinstance(value, str) else value for key, value in event.items()}


def _escaped(key: str, value: str) -> str:
    if key == "exception":
        return "\n".join(line if line.isprintable() else ascii(line)[1:-1] for line in value.split("\n"))
    return value if value.isprintable() else ascii(value)[1:-1]
