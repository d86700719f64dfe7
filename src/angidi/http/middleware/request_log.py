"""What is recorded of every request: a line in the access log, and metrics."""

from angidi.http.core.request import Request
from angidi.telemetry.access_log import AccessLine, AccessLog
from angidi.telemetry.metrics import Metrics


class RequestLog:
    """Records requests in the metrics and the access log."""

    def __init__(self, metrics: Metrics, access_log: AccessLog) -> None:
        self.metrics = metrics
        self._access_log = access_log

    def add(self, request: Request, seconds: float, statements: int) -> None:
        """Record a request, whether or not it could be answered."""
        self.metrics.observe(request.method, request.route, request.status, seconds)
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
