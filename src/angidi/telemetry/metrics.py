"""Prometheus metrics: requests by route and status, statements by name, and the connection pool."""

import functools
from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from angidi.telemetry.shared_metrics import read_metrics
from angidi.telemetry.statements import DURATION

CONTENT_TYPE = CONTENT_TYPE_LATEST

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Other methods are counted as one, because clients could invent any number."""

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The metrics of one process. `pool` returns the pool's current statistics by name."""

    def __init__(self, pool: Callable[[], dict[str, int]]) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._pool = pool
        self._requests = Histogram(
            "angidi_http_request_duration_seconds",
            "Time to answer, by method, route and status",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._series = functools.cache(self._find_series)
        self._gauge = Gauge(
            "angidi_pool",
            "Statistics of the connection pool",
            ("figure",),
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._closed = Counter(
            "angidi_connections_closed", "Connections closed beyond a bound", ("reason",), registry=registry
        )
        registry.register(DURATION)
        self._scrapes = Counter("angidi_metrics_scrapes", "How often the figures were read", registry=registry)

    def count_closed(self, reason: str, number: int) -> None:
        """Count connections that were closed because they are beyond a bound."""
        self._closed.labels(reason).inc(number)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record one response."""
        self._series(method if method in _METHODS else "other", route, status).observe(seconds)

    def record_pool(self) -> None:
        """Record the present statistics of the pool, so that other processes show them."""
        for figure, value in sorted(self._pool().items()):
            self._gauge.labels(figure).set(value)

    def render(self) -> bytes:
        """Return all metrics in the Prometheus text format, including those of other workers."""
        self._scrapes.inc()
        self.record_pool()
        return generate_latest(read_metrics() or self._registry)

    def _find_series(self, method: str, route: str, status: int) -> Histogram:
        return self._requests.labels(method, route, str(status))
