"""Health, readiness and figures."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from tests.conftest import pooled
from tests.support.api import Api, api_over

from angidi.config import Settings
from angidi.db import Connection, Database
from angidi.errors import Unavailable
from angidi.http import health


class Away:
    """A source that reaches nothing, at once or never."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        if self._hangs:
            await asyncio.sleep(0.3)
        raise Unavailable
        yield

    async def open(self, *, must_answer: bool = True) -> None: ...

    async def close(self) -> None: ...

    def is_up(self) -> bool:
        return True

    async def ping(self) -> bool:
        if self._hangs:
            await asyncio.sleep(0.3)
        return False

    def stats(self) -> dict[str, int]:
        return {}


@pytest.mark.parametrize("path", ["/health", "/api/v1/health", "/readyz", "/livez"])
async def test_with_the_database_there_it_is_healthy(api: Api, path: str) -> None:
    answer = await api.get(f"http://testserver{path}")
    assert answer.status_code == 200
    assert answer.json()["data"]["status"] == "healthy"
    assert datetime.fromisoformat(answer.json()["data"]["timestamp"]).tzinfo


@pytest.mark.parametrize("hangs", [True, False])
async def test_with_the_database_away_it_is_unhealthy_in_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr(health, "DEADLINE", 0.05)
    async with api_over(settings, Database(Away(hangs=hangs))) as api:
        answer = await api.get("http://testserver/health")
        alive = await api.get("http://testserver/livez")
    assert (answer.status_code, answer.json()["data"]["status"]) == (503, "unhealthy")
    assert answer.headers["Retry-After"]
    assert alive.status_code == 200


async def test_readiness_is_told_without_a_connection_of_the_pool(settings: Settings, fresh_db: str) -> None:
    few = settings.model_copy(update={"db_max_conns": 2, "db_min_conns": 1})
    async with pooled(few, fresh_db) as database, api_over(few, database) as api, database.connection():
        answers = [await api.get(f"http://testserver{path}") for path in ("/readyz", "/health")]
        refused = await api.get("/products")
    assert ([answer.status_code for answer in answers], refused.status_code) == ([200, 200], 503)


async def test_a_request_without_the_database_is_503_with_retry_after(settings: Settings) -> None:
    async with api_over(settings, Database(Away(hangs=False))) as api:
        answer = await api.get("/products")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert answer.headers["Retry-After"]


async def test_the_figures_count_requests_by_route_and_show_the_pool(pool_api: Api) -> None:
    await pool_api.get("/products/nope")
    text = pool_api.metrics
    labels = 'method="GET",route="/api/v1/products/{product_id}",status="404"'
    assert f"angidi_http_request_duration_seconds_count{{{labels}}} 1.0" in text
    assert 'angidi_pool{figure="pool_max"} 9.0' in text


async def test_an_unknown_address_does_not_make_a_figure_of_its_own(api: Api) -> None:
    await api.get("/odd/address")
    text = api.metrics
    assert "odd" not in text
    assert 'route="unmatched"' in text
