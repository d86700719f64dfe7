"""Health: `/health` for clients, `/livez` and `/readyz` for orchestrators, `/metrics` for Prometheus."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar import MediaType, Response
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from angidi.db import Database
from angidi.db.rows import fetch_value
from angidi.http.core.responses import Data, JSONResponse
from angidi.http.routing.handlers import get
from angidi.telemetry.metrics import CONTENT_TYPE, Metrics
from angidi.validation.fields import Timestamp

DEADLINE = 2.0
"""Seconds after which a database that says nothing counts as away."""

PING = "SELECT 1"


class Health(Struct, frozen=True):
    """Whether requests can be served."""

    status: Annotated[Literal["healthy", "unhealthy"], Meta(examples=["healthy"])]
    timestamp: Timestamp


class Probe:
    """Asks the database whether it is there: once for all who ask at a time, so that a flood holds one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: asyncio.Future[int] | None = None

    async def is_answered(self) -> bool:
        """Tell whether the database answers in time; a question that hangs is left to end by itself."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._database.read(fetch_value, PING))
            self._asking.add_done_callback(lambda asked: asked.exception())  # taken note of, should nobody wait
        asking = self._asking
        done, _ = await asyncio.wait({asking}, timeout=DEADLINE)
        return bool(done) and asking.exception() is None


@get(["/health", "/api/v1/health", "/readyz"], opt={"tags": ["Health"], "also": {503: "The database is away."}})
async def health(probe: NamedDependency[Probe]) -> Response[Data[Health]]:
    """Tell whether the service and its database can serve requests."""
    reachable = await probe.is_answered()
    found = Health("healthy" if reachable else "unhealthy", datetime.now(UTC))
    headers = {} if reachable else {"Retry-After": "2"}
    return JSONResponse(Data(found), status_code=200 if reachable else 503, headers=headers)


@get("/livez", opt={"tags": ["Health"]})
async def livez() -> Data[Health]:
    """Tell that the process runs, whatever the database does."""
    return Data(Health("healthy", datetime.now(UTC)))


@get("/metrics", media_type=MediaType.TEXT, include_in_schema=False)
async def show_metrics(metrics: NamedDependency[Metrics]) -> Response[bytes]:
    """Return the figures for Prometheus."""
    return Response(metrics.render(), media_type=CONTENT_TYPE)


HANDLERS = [health, livez, show_metrics]
