"""What commands share: settings, database URLs, and services on an open database."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TypeVar

import click
from pydantic import SecretStr

from angidi.app import Services, build_services, build_tokens, open_database
from angidi.cli.schema_state import refusals_explained
from angidi.config import Settings, load
from angidi.db.conninfo import DatabaseUrls, resolve_urls
from angidi.db.inspection import check_reachable
from angidi.db.roles import set_up_app
from angidi.embedded import EmbeddedError, EmbeddedServer, has_cluster

T = TypeVar("T")


@contextmanager
def resolve_database(settings: Settings) -> Generator[DatabaseUrls]:
    """Provide the database URLs; the embedded server, if configured, runs for the length of the block.

    Creates nothing: raises `EmbeddedError` if there is no embedded server or database. Raises `ConfigError`, too, and
    `SchemaMismatch` for what the block cannot do because the schema is of another version.
    """
    with locate_database(settings) as where, refusals_explained(where.direct):
        yield where


@contextmanager
def locate_database(settings: Settings, *, create: bool = False) -> Generator[DatabaseUrls]:
    """Provide the URLs as `resolve_database` does, without regard to the schema; `create` what is missing embedded."""
    if not settings.embedded:
        yield resolve_urls(settings)
        return
    if not create and not has_cluster(settings.angidi_home):
        raise EmbeddedError(
            f"There is no embedded PostgreSQL in {settings.angidi_home}: `angidi serve` or `make run` creates it; "
            "or set DATABASE_URL, or ANGIDI_HOME to the folder that has it"
        )
    with EmbeddedServer(settings.angidi_home) as server:
        if create:
            server.create_database(settings.db_name)
        elif not server.has_database(settings.db_name):
            raise EmbeddedError(
                f"The embedded PostgreSQL in {settings.angidi_home} has no database {settings.db_name}: `angidi serve` "
                "creates it; or correct DB_NAME or ANGIDI_ENV"
            )
        server.count_statements(settings.db_name)
        yield _embedded_urls(settings, server)


def _embedded_urls(settings: Settings, server: EmbeddedServer) -> DatabaseUrls:
    """Return the URLs of the embedded database: its superuser migrates, and a role with fewer rights serves."""
    database, app = settings.db_name, f"{settings.db_name}_app"
    owner = server.url(database)
    set_up_app(owner, app)
    return replace(resolve_urls(settings, server.url(database, app)), direct=owner)


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


def print_line(text: str) -> None:
    """Print a line on standard error, with what cannot be printed escaped."""
    click.echo(escape_unprintable(text), err=True)


def with_one_connection(settings: Settings) -> Settings:
    """Return settings with a pool of one connection, which is all that a command needs, and with a key.

    A command signs nothing that it gives away, so a key that is forgotten will do; none is created in the home.
    """
    key = settings.jwt_secret or SecretStr(secrets.token_hex(32))
    update = {"db_max_conns": 1, "db_min_conns": 1, "server_workers": 1, "jwt_secret": key}
    return settings.model_copy(update=update)
