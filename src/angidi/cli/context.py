"""What commands share: settings, database URLs, and services on an open database."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from angidi.app import Services, build_services, build_tokens, open_database
from angidi.config import Settings, load
from angidi.db.conninfo import DatabaseUrls, resolve_urls
from angidi.db.inspection import check_reachable
from angidi.embedded import EmbeddedServer

T = TypeVar("T")

MIGRATIONS = Path(str(files("angidi") / "migrations"))
"""The folder of the platform's migrations."""


@contextmanager
def resolve_database(settings: Settings) -> Generator[DatabaseUrls]:
    """Provide the database URLs; the embedded server, if configured, runs for the length of the block.

    Raises `ConfigError`, `EmbeddedError`.
    """
    if not settings.embedded:
        yield resolve_urls(settings)
        return
    with EmbeddedServer(settings.angidi_home) as server:
        server.create_database(settings.db_name)
        server.count_statements(settings.db_name)
        yield resolve_urls(settings, server.url(settings.db_name))


@asynccontextmanager
async def open_services(settings: Settings, where: DatabaseUrls) -> AsyncGenerator[Services]:
    """Provide the services on an open database. Raises `Unavailable`."""
    for address in {where.main, where.read}:
        check_reachable(address)
    database = open_database(settings, where)
    await database.open()
    try:
        yield build_services(settings, database, build_tokens(settings))
    finally:
        await database.close()


def with_services(work: Callable[[Services], Awaitable[T]], settings: Settings | None = None) -> T:
    """Run `work` on the configured database and return its result."""
    settings = settings or load()

    async def run(where: DatabaseUrls) -> T:
        async with open_services(with_one_connection(settings), where) as services:
            return await work(services)

    with resolve_database(settings) as where:
        return asyncio.run(run(where))


def escape_unprintable(text: str) -> str:
    """Return `text` for one line of a terminal: line breaks and control characters are escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def with_one_connection(settings: Settings) -> Settings:
    """Return settings with a pool of one connection, which is all that a command needs."""
    return settings.model_copy(update={"db_max_conns": 1, "db_min_conns": 1, "server_workers": 1})
