"""Health: `/health` for clients, `/livez` and `/readyz` for orchestrators, `/metrics` for Prometheus."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from angidi.db import Database
from angidi.db.rows import fetch_value
from angidi.web.envelopes import Data, JSONResponse
from angidi.web.fields import Moment
from angidi.web.metrics import CONTENT_TYPE, Metrics

DEADLINE = 2.0
"""Seconds after which a database that says nothing counts as away."""

PING = "SELECT 1"


class Health(Struct, frozen=True):
    """Whether requests can be served."""

    status: Annotated[Literal["healthy", "unhealthy"], Meta(examples=["healthy"])]
    timestamp: Moment


async def is_reachable(database: NamedDependency[Database]) -> bool:
    """Tell whether the database answers in time; a probe that hangs is left to end by itself."""
    probe = asyncio.ensure_future(database.read(fetch_value, PING))
    done, _ = await asyncio.wait({probe}, timeout=DEADLINE)
    if not done:
        probe.add_done_callback(lambda late: late.exception())
        return False
    return probe.exception() is None


@get(["/health", "/api/v1/health", "/readyz"], opt={"tags": ["Health"], "also": 503})
async def health(database: NamedDependency[Database]) -> Response[Data[Health]]:
    """Tell whether the service and its database can serve requests."""
    reachable = await is_reachable(database)
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
