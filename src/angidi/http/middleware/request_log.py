"""What is kept of every request: a line in the access log, and its place in the figures."""

from angidi.http.core.request import Request
from angidi.telemetry.access_log import AccessLine, AccessLog
from angidi.telemetry.metrics import Metrics


class RequestLog:
    """Counts requests and logs them."""

    def __init__(self, metrics: Metrics, access_log: AccessLog) -> None:
        self._metrics = metrics
        self._access_log = access_log

    def add(self, request: Request, seconds: float, statements: int) -> None:
        """Add a request that was answered, or could not be."""
        self._metrics.observe(request.method, request.route, request.status, seconds)
        self._access_log(
            AccessLine(
                request.id,
                request.method,
                request.route,
                request.path,
                request.status,
                round(seconds * 1000, 2),
                statements,
            )
        )
