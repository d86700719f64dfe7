"""Duration of statements: a Prometheus histogram by name, and a warning for each slow statement.

The name of a statement is the function that runs it: `products.find_product` for `find_product` of
`angidi.products.repository`. It is looked up on the stack once per statement text, so nothing has to be declared. There
are as many names as functions that run statements; no parameter value is stored.
"""

import warnings
from datetime import timedelta
from inspect import currentframe
from types import FrameType

import structlog
from prometheus_client import Histogram

log = structlog.get_logger("angidi.db")

NEVER = float("inf")
OTHER = "other"
"""Name of statements outside our functions, such as the pool's checks, and of composed statements."""

MAX_NAMES = 1000
"""Maximum number of statement texts whose name is cached."""

DURATION = Histogram(
    "angidi_statement_duration_seconds",
    "Time of a statement as its caller waits for it, by the function that runs it",
    ("statement",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    registry=None,
)
"""The histogram of this process; registered by `telemetry.metrics`."""


class StatementTimer:
    """Records the statements of this process, and logs those that take longer than `slow` seconds."""

    def __init__(self) -> None:
        self.slow = NEVER
        self._series: dict[str, Histogram] = {}

    def reset(self, slow: timedelta = timedelta()) -> None:
        """Discard all records and set the limit of slow statements (0: never log).

        Call it after a fork: the parent's records do not belong to this process, nor do they reach the shared files.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # counts of earlier processes stay in shared memory, as they should
            DURATION.clear()
        self._series.clear()
        self.slow = slow.total_seconds() or NEVER

    def record(self, statement: object, seconds: float, rows: int) -> None:
        """Record one execution. Must be called below the function that runs the statement."""
        text = statement if type(statement) is str else ""  # composed statements have no fixed text
        series = self._series.get(text)
        if series is None:
            series = self._find_series(text)
        series.observe(seconds)
        if seconds > self.slow:
            log.warning("slow statement", duration_ms=round(seconds * 1000, 2), rows=rows, statement=shorten(text))

    def _find_series(self, text: str) -> Histogram:
        if len(self._series) >= MAX_NAMES:  # unbounded texts: those in use are cached again at their next execution
            self._series.clear()
        series = DURATION.labels(_find_name(currentframe()) if text else OTHER)
        self._series[text] = series
        return series


STATEMENTS = StatementTimer()
"""The recorder that all cursors of this process report to."""


def _find_name(frame: FrameType | None) -> str:
    """Return the nearest function on the stack outside `db` and `telemetry`."""
    while frame is not None:
        module, function = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        package, _, place = module.partition(".")
        if package == "angidi" and function.isidentifier() and not place.startswith(("db.", "telemetry.")):
            return f"{place.removesuffix('.repository')}.{function.lstrip('_')}"
        frame = frame.f_back
    return OTHER


def shorten(statement: str, most: int = 200) -> str:
    """Return a statement on one line, of at most `most` characters."""
    line = " ".join(statement.split())
    return line if len(line) <= most else line[: most - 1] + "…"
