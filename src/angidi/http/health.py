"""Health: `/health` for clients, `/livez` and `/readyz` for orchestrators."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from angidi.db import Database
from angidi.http.core.responses import Answer
from angidi.http.routing.routes import Also, Routes
from angidi.validation.fields import Timestamp

DEADLINE = 2.0
"""Seconds after which a database that does not answer counts as unreachable."""


class Health(Struct, frozen=True):
    """Whether requests can be served."""

    status: Annotated[Literal["healthy", "unhealthy"], Meta(examples=["healthy"])]
    timestamp: Timestamp


class Probe:
    """Checks whether the database answers: on the connection of the heartbeat, so a full pool does not matter to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ping(self) -> bool:
        """Tell whether the database answers in time."""
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._database.ping()
        except TimeoutError:
            return False


routes = Routes("Health", "Whether the service can serve requests, for clients and orchestrators. No token is needed.")


_UNREACHABLE = {503: Also("The database cannot be reached.", {"status": "unhealthy"})}


@routes.get("/health", name="get_health", also=_UNREACHABLE)
@routes.get("/api/v1/health", name="get_api_health", also=_UNREACHABLE)
@routes.get("/readyz", name="get_readiness", also=_UNREACHABLE)
async def health(probe: Probe) -> Answer[Health]:
    """Tell whether the service and its database can serve requests."""
    if await probe.ping():
        return Answer(Health("healthy", datetime.now(UTC)), 200)
    return Answer(Health("unhealthy", datetime.now(UTC)), 503, ((b"retry-after", b"2"),))


@routes.get("/livez", name="get_liveness")
async def livez() -> Health:
    """Tell that the process runs, whatever the state of the database."""
    return Health("healthy", datetime.now(UTC))
