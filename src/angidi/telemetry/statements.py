"""How long statements take: a Prometheus histogram by name, and a line in the log for each slow one.

The name of a statement is the function that runs it, `products.find_product` for `find_product` of
`angidi.products.repository`. It is
looked up once for each text, on the stack, so that nothing has to be declared. There are as many names as functions
that run statements, and no value of a parameter is kept.
"""

from datetime import timedelta
from inspect import currentframe
from types import FrameType

import structlog
from prometheus_client import Histogram

log = structlog.get_logger("angidi.db")

NEVER = float("inf")
OTHER = "other"
"""Name of what no function of ours runs, such as the pool's own checks, and of statements that are composed."""

MAX_NAMES = 1000
"""Statements of which the name is kept."""

DURATION = Histogram(
    "angidi_statement_duration_seconds",
    "Time of a statement as its caller waits for it, by the function that runs it",
    ("statement",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    registry=None,
)
"""This process's; registered by `telemetry.metrics`."""


class StatementTimer:
    """Records the statements of this process. Those that take longer than `slow` seconds are logged."""

    def __init__(self) -> None:
        self.slow = NEVER
        self._series: dict[str, Histogram] = {}

    def reset(self, slow: timedelta = timedelta()) -> None:
        """Forget what was recorded, and log from now on what takes longer than `slow` (0: nothing).

        To be called after a fork: what the parent recorded is not this process's, nor does it reach the shared files.
        """
        DURATION.clear()
        self._series.clear()
        self.slow = slow.total_seconds() or NEVER

    def record(self, statement: object, seconds: float, rows: int) -> None:
        """Record one execution; to be called below the function that runs the statement."""
        text = statement if type(statement) is str else ""  # what is composed stands for a class of statements
        series = self._series.get(text)
        if series is None:
            series = self._find_series(text)
        series.observe(seconds)
        if seconds > self.slow:
            log.warning("slow statement", duration_ms=round(seconds * 1000, 2), rows=rows, statement=shorten(text))

    def _find_series(self, text: str) -> Histogram:
        if len(self._series) >= MAX_NAMES:  # texts without end: those in use come back at their next execution
            self._series.clear()
        series = DURATION.labels(_find_name(currentframe()) if text else OTHER)
        self._series[text] = series
        return series


STATEMENTS = StatementTimer()
"""The one that every cursor reports to, whichever pool it belongs to."""


def _find_name(frame: FrameType | None) -> str:
    """Return the nearest function of ours outside `db` and `telemetry`."""
    while frame is not None:
        module, function = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        package, _, place = module.partition(".")
        if package == "angidi" and function.isidentifier() and not place.startswith(("db.", "telemetry.")):
            return f"{place.removesuffix('.repository')}.{function.lstrip('_')}"
        frame = frame.f_back
    return OTHER


def shorten(statement: str, most: int = 200) -> str:
    """Return a statement on one line."""
    line = " ".join(statement.split())
    return line if len(line) <= most else line[: most - 1] + "…"
