"""`/metrics` for Prometheus, at the management port."""

from angidi.http.core.responses import Response, content
from angidi.http.routing.routes import Routes
from angidi.telemetry.metrics import CONTENT_TYPE, Metrics

routes = Routes("Metrics", "What the server counts.")


@routes.get("/metrics", is_documented=False)
async def show_metrics(metrics: Metrics) -> Response:
    """Return the metrics for Prometheus."""
    return content(metrics.render(), CONTENT_TYPE)
