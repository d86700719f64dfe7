"""Log configuration: one JSON object per line on standard error, or lines for people.

Values are JSON-encoded, so a line break in a value cannot forge a line; the console format escapes control characters.
Bodies, Authorization headers and query strings are never logged: they contain secrets.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from angidi.telemetry.access_log import AccessLog, JsonLines, discard, log_with_structlog


def configure(level: str, form: str) -> AccessLog:
    """Configure structlog and the standard library's logging; `form` is `json` or `console`.

    Returns the writer of the access log.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
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
    return JsonLines() if form == "json" else log_with_structlog


def _escape(_: Any, __: str, event: EventDict) -> EventDict:
    """Escape control characters in values, except line breaks of a traceback."""
    return {
        key: value if key == "exception" or not isinstance(value, str) or value.isprintable() else ascii(value)[1:-1]
        for key, value in event.items()
    }
