"""Requests on one database connection that stays: again and again, until its statements' plans have settled.

What a request touches is told by the server's own count of the database's pages, catalogues and planning included: so
it is what that very call did, and not what EXPLAIN would do in its place. Nobody else may use the database meanwhile.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict

from angidi.config import Settings
from angidi.db.rows import execute
from tests.plans.combinations import AFTER, Combination, Places
from tests.support.api import Api, api_on_one_connection
from tests.support.server import with_database

CALLS = 12
"""A statement is prepared after five runs, and planned for any values after five more."""

MEASURED = (1, 6, 12)

FLUSH = "SELECT pg_stat_force_next_flush()"
PAGES = "SELECT pg_stat_get_db_blocks_fetched(oid) FROM pg_database WHERE datname = %s"


class Call(NamedTuple):
    """A call: the pages that all its statements touched, from memory or not, and how long it took, in milliseconds."""

    pages: int
    milliseconds: float


class Warm(NamedTuple):
    """What a combination came to: the measured calls by number, all statuses, and the body of the last call.

    `before` is how many pages lie before the one that was asked for.
    """

    combination: Combination
    calls: dict[int, Call]
    statuses: list[int]
    body: dict[str, Any]
    before: int


class Repeated(NamedTuple):
    """What a request came to when it was sent twelve times: measured calls by number, statuses, and the last body."""

    calls: dict[int, Call]
    statuses: list[int]
    body: dict[str, Any]


class Connected:
    """The application on a pool of one connection, and an eye on the database from another one."""

    def __init__(self, api: Api, admin: dict[str, str], monitor: psycopg.Connection, name: str) -> None:
        self.api = api
        self.admin = admin
        self._monitor = monitor
        self._name = name

    async def run(self, combination: Combination, places: Places) -> Warm:
        """Ask twelve times for the same."""
        path, parameters = combination.request(places)
        headers = self.admin if combination.is_admins else {}
        before = places.deep_page - 1 if combination.page == "deep" else 0
        if combination.page == "cursor":
            before, parameters = await self.walked(path, parameters, headers)
        return Warm(combination, *await self.repeated(path, parameters, headers), before)

    async def repeated(self, path: str, parameters: dict[str, str], headers: dict[str, str]) -> Repeated:
        """Send a request twelve times."""
        request = self.api.build_request("GET", path, params=parameters, headers=headers)
        statuses, calls, body = list[int](), dict[int, Call](), dict[str, Any]()
        for number in range(1, CALLS + 1):
            if number in MEASURED:
                answer, calls[number] = await self._measured(request)
            else:
                answer = await self.api.send(request)
            statuses.append(answer.status_code)
            body = answer.json()
        return Repeated(calls, statuses, body)

    async def walked(
        self, path: str, parameters: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, dict[str, str]]:
        """Return the parameters of a page further on, by its cursor, and how many lie before it."""
        page = parameters
        for before in range(AFTER):
            answer = await self.api.get(path, params=page | {"count": "none"}, headers=headers)
            cursor = answer.json().get("data", {}).get("next_cursor")
            if not cursor:
                return before, page
            page = parameters | {"cursor": cursor}
        return AFTER, page

    async def _measured(self, request: httpx.Request) -> tuple[httpx.Response, Call]:
        before = await self._pages()
        began = time.perf_counter()
        answer = await self.api.send(request)
        seconds = time.perf_counter() - began
        return answer, Call(await self._pages() - before, seconds * 1000)

    async def _pages(self) -> int:
        """Return how many pages the database has touched so far; the connection has told all that it did."""
        await self.api.database.read(execute, FLUSH, {})
        row = self._monitor.execute(PAGES, [self._name]).fetchone()
        assert row is not None
        return int(row[0])


@asynccontextmanager
async def connected(url: str, home: Path) -> AsyncGenerator[Connected]:
    """Give the application on one connection to the database at `url`, which has an admin more afterwards."""
    settings = Settings(angidi_env="test", angidi_home=home, api_rate_limit=0)
    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as monitor:
        async with api_on_one_connection(settings, url) as api:
            name = str(conninfo_to_dict(url)["dbname"])
            yield Connected(api, await api.admin_headers(), monitor, name)
