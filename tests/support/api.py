"""The API as a client sees it, in process: no socket, the whole ASGI application."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
from tests.support.roles import as_app
from tests.support.shop import password_hash

from angidi.app import build_app, build_services, build_tokens
from angidi.config import Settings
from angidi.db import Connection, ConnectionSource, Database
from angidi.db.pool import Pool, PoolSettings
from angidi.telemetry.access_log import AccessLog, discard, log_with_structlog
from angidi.users.models import Credentials, Role, TokenPair, User
from angidi.users.repository import insert as insert_user

BASE = "/api/v1"


class Api(httpx.AsyncClient):
    """An HTTP client of the API, and the services behind it for setting a scene.

    Paths are below the base path; `as_` is the Authorization header of a user. `app` serves `database` by `settings`.
    """

    def __init__(self, settings: Settings, database: Database, app: Any) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        super().__init__(transport=transport, base_url=f"http://testserver{BASE}", trust_env=False)
        self.tokens = build_tokens(settings)
        self.services = build_services(settings, database, self.tokens)
        self.database = database
        self.app = app

    @property
    def metrics(self) -> str:
        """What the application counts, as the management port shows it."""
        return self.app.log.metrics.render().decode()

    def as_(self, user: User) -> dict[str, str]:
        """Return the headers that make a request the user's."""
        return {"Authorization": f"Bearer {self.tokens.make_access(user.id, user.email, user.role)}"}

    async def log_in(self, user_id: UUID) -> TokenPair:
        """Return the tokens of a new session, without a look at the password."""
        return await self.services.sessions.start(Credentials(user_id, "", None))

    async def make_user(self, email: str = "user@shop.example", name: str = "Some User", role: Role = "user") -> User:
        """Make a user, who logs in by `PASSWORD`."""
        return await self.database.write(insert_user, email=email, password_hash=password_hash(), name=name, role=role)

    async def make_admin(self, email: str = "admin@shop.example") -> User:
        return await self.make_user(email, "Some Admin", "admin")

    async def admin_headers(self) -> dict[str, str]:
        """Return the headers of a fresh admin."""
        return self.as_(await self.make_admin())

    async def make_category(self, headers: dict[str, str], name: str = "Cups", **fields: Any) -> dict[str, Any]:
        answer = await self.post("/categories", headers=headers, json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def make_product(self, headers: dict[str, str], category_id: str, **fields: Any) -> dict[str, Any]:
        body = {"name": "Espresso cup", "price": 7.5, "stock": 3, "category_id": category_id, **fields}
        answer = await self.post("/products", headers=headers, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]


@asynccontextmanager
async def api_over(
    settings: Settings, database: Database, access_log: AccessLog = log_with_structlog
) -> AsyncGenerator[Api]:
    """Give the API over `database`, which is open and stays so."""
    async with Api(settings, database, build_app(settings, database, access_log)) as api:
        yield api


class Switch:
    """A `ConnectionSource` that passes everything on to the `source` of the test that is running."""

    def __init__(self) -> None:
        self.source: ConnectionSource | None = None

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        return self._current().connection()

    async def open(self, *, must_answer: bool = True) -> None:
        """Do nothing: the test's source is open."""

    async def close(self) -> None:
        """Do nothing: the test closes it."""

    def is_up(self) -> bool:
        return self._current().is_up()

    async def ping(self) -> bool:
        return await self._current().ping()

    def stats(self) -> dict[str, int]:
        return self._current().stats()

    def _current(self) -> ConnectionSource:
        assert self.source
        return self.source


class SharedApp:
    """One application for many tests, one after the other: to build it takes longer than most of them."""

    def __init__(self, settings: Settings) -> None:
        self._switch = Switch()
        self._settings = settings
        self._app = build_app(settings, Database(self._switch), log_with_structlog)

    @asynccontextmanager
    async def over(self, database: Database) -> AsyncGenerator[Api]:
        """Give the API over `database`, which is open and stays so."""
        self._switch.source = database._source  # pyright: ignore[reportPrivateUsage] - the application's is another one
        async with Api(self._settings, database, self._app) as api:
            yield api
        self._switch.source = None


@asynccontextmanager
async def api_on_one_connection(settings: Settings, url: str) -> AsyncGenerator[Api]:
    """Give the API on a pool of one connection: what it has prepared stays so. Requests are not logged.

    `url` is the address of the database's owner.
    """
    database = Database(Pool(as_app(url), PoolSettings(min_conns=1, max_conns=1)))
    await database.open()
    try:
        async with api_over(settings, database, discard) as api:
            yield api
    finally:
        await database.close()


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error answer."""
    return answer.status_code, answer.json()["error"]["code"]


def fields_of(answer: httpx.Response) -> list[str]:
    """Return the fields that a validation error names."""
    return [detail["field"] for detail in answer.json()["error"].get("details", [])]
