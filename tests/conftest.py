"""The fixtures of the suite: databases by how much of one a test needs, and the API over them.

    db        inside a transaction that is rolled back: the default
    fresh_db  a clone of its own, with real commits: races, processes, deferred constraints
    empty_db  without a table: migrations

ANGIDI_TEST_ISOLATION=clones runs the tests of `db` on clones too, which proves the cheap isolation.
"""

import gc
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import AsyncConnection

from angidi.app import open_database
from angidi.cli.schema_state import MIGRATIONS
from angidi.config import Settings
from angidi.db import Connection, Database
from angidi.db.conninfo import DatabaseUrls
from angidi.db.pool import CONNECTION
from angidi.migrate import Migrate, Source
from tests.support.api import Api, SharedApp, api_over
from tests.support.isolation import SharedConnection
from tests.support.roles import as_app, grant_app
from tests.support.server import SHARED, Databases, database_server

ON_CLONES = os.environ.get("ANGIDI_TEST_ISOLATION") == "clones"
EXAMPLES = {"short": 15, "long": 100, "thorough": 10_000}
"""How many examples a property test tries, by --hypothesis-profile; the last one needs --timeout=0, too."""

for _name, _examples in EXAMPLES.items():
    hypothesis.settings.register_profile(
        _name, max_examples=_examples, deadline=None, suppress_health_check=[*hypothesis.HealthCheck]
    )
hypothesis.settings.load_profile("short")

JWT_SECRET = "jwt-secret"
_SERVER = pytest.StashKey[ExitStack]()
_OURS = ("DATABASE_", "DB_", "ADMIN_", "JWT_", "SERVER_", "ANGIDI_ENV", "ANGIDI_HOME", "API_RATE_LIMIT")


def pytest_configure(config: pytest.Config) -> None:
    """Start the one server of the run, for all workers, and forget the settings that would reach the tests."""
    if not hasattr(config, "workerinput"):
        stack = config.stash[_SERVER] = ExitStack()
        os.environ[SHARED] = stack.enter_context(database_server()).shared
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    os.environ["ANGIDI_ENV_FILE"] = os.devnull
    gc.disable()  # until the tests are collected


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest. On clones, run what they are another isolation for, and nothing else."""
    items.sort(key=lambda item: "plans" not in item.path.parts)
    if ON_CLONES:
        others = [item for item in items if "db" not in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in set(others)]
        config.hook.pytest_deselected(items=others)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking through the thousands of tests, which stay, time and again."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it."""
    if stack := config.stash.get(_SERVER, None):
        stack.close()
        del os.environ[SHARED]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The databases of this run."""
    with database_server() as run:
        yield run


@pytest.fixture(scope="session")
def template(databases: Databases) -> str:
    """Name of the migrated database that the others are copied from."""
    files = sorted(MIGRATIONS.glob("*.sql"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    return databases.template(digest, migrate_up)


@pytest.fixture(scope="session")
def shared_db(databases: Databases, template: str) -> Iterator[str]:
    """Address of the clone that all rolled-back tests of a worker share."""
    with databases.database(template) as url:
        yield url


@pytest.fixture(scope="session")
def shared_connection(shared_db: str) -> Iterator[SharedConnection]:
    """The connection to it that they share, too."""
    with closing(SharedConnection(shared_db)) as shared:
        yield shared


@pytest.fixture
def fresh_db(databases: Databases, template: str) -> Iterator[str]:
    """Address of a migrated database of the test's own."""
    with databases.database(template) as url:
        yield url


@pytest.fixture
def empty_db(databases: Databases) -> Iterator[str]:
    """Address of a database of the test's own, without a table in it."""
    with databases.database() as url:
        yield url


@pytest.fixture(scope="session")
def shared_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for tests: no rate limit; the home has the key that signs tokens."""
    home = tmp_path_factory.mktemp("homes")
    (home / JWT_SECRET).write_text("s" * 64)
    return Settings(angidi_env="test", angidi_home=home, api_rate_limit=0, db_max_conns=10)


@pytest.fixture(scope="session")
def shared_app(shared_settings: Settings) -> SharedApp:
    """The application of all tests of a worker that need none of their own."""
    return SharedApp(shared_settings)


@pytest.fixture
def settings(shared_settings: Settings) -> Settings:
    """The same settings with a home of the test's own, and the same key in it."""
    home = Path(tempfile.mkdtemp(dir=shared_settings.angidi_home))
    (home / JWT_SECRET).hardlink_to(shared_settings.angidi_home / JWT_SECRET)
    return shared_settings.model_copy(update={"angidi_home": home})


@pytest.fixture
async def db(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Database]:
    """A database whose changes end with the test."""
    if ON_CLONES:
        async with pooled(settings, request.getfixturevalue("fresh_db")) as database:
            yield database
    else:
        shared: SharedConnection = request.getfixturevalue("shared_connection")
        async with shared.rolled_back() as database:
            yield database


@pytest.fixture
async def pool_db(settings: Settings, fresh_db: str) -> AsyncIterator[Database]:
    """A pool on a database of the test's own, for what needs several connections or real commits."""
    async with pooled(settings, fresh_db) as database:
        yield database


@pytest.fixture
async def writer(fresh_db: str) -> AsyncIterator[Connection]:
    """A connection of somebody else to the database of `pool_db`."""
    async with await AsyncConnection.connect(fresh_db, **CONNECTION) as conn:
        yield conn


@pytest.fixture
async def api(shared_app: SharedApp, db: Database) -> AsyncIterator[Api]:
    """The API over `db`."""
    async with shared_app.over(db) as client:
        yield client


@pytest.fixture
async def pool_api(settings: Settings, pool_db: Database) -> AsyncIterator[Api]:
    """The API over `pool_db`."""
    async with api_over(settings, pool_db) as client:
        yield client


def migrate_up(url: str) -> None:
    """Apply all of the platform's migrations; take the known categories out, so that tests begin with an empty shop.

    The application may use it then, as the role of `as_app`.
    """
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.up()
    with psycopg.connect(url) as conn:
        conn.execute("DELETE FROM categories")
    grant_app(url)


@asynccontextmanager
async def pooled(settings: Settings, url: str) -> AsyncGenerator[Database]:
    """Give the application's pool on the database, open meanwhile; `url` is the owner's."""
    serving = as_app(url)
    database = open_database(settings, DatabaseUrls(serving, serving, url))
    await database.open()
    try:
        yield database
    finally:
        await database.close()
