"""The PostgreSQL that a test run uses, and the databases that it makes there.

Every database is called `angidi_test_<run>_…`, and no other is ever opened (but for the maintenance database
`postgres`) or dropped. A run holds an advisory lock on its own number, on a connection that stays open; so a
database whose run's lock is free was left by a dead run, on whatever host that was, and is dropped.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.support.roles import PREFIX, app_password, app_role

from angidi.embedded import EmbeddedError, EmbeddedServer
from angidi.embedded.locks import opened_lock, poll, try_lock
from angidi.embedded.programs import find_programs

SHARED = "ANGIDI_TEST_SERVER"  # set by the run that started the server, for its workers: "<run> <admin url>"
LOCK_CLASS = 20_757  # of the advisory locks (class, run) and (class + 1, run): alive, and building a template
RAM_BYTES = 2**30
IMAGE = "postgres:18"


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of one test run on one server. Each process has an object of its own."""

    admin_url: str
    run: int
    _kept: list[psycopg.Connection] = field(default_factory=list[psycopg.Connection], compare=False, repr=False)

    @property
    def shared(self) -> str:
        """The value of `ANGIDI_TEST_SERVER` with which a worker process joins this run."""
        return f"{self.run} {self.admin_url}"

    def url(self, database: str) -> str:
        return with_database(self.admin_url, database)

    def create(self, template: str = "template1") -> str:
        """Create a database as a copy of `template`, to which nobody may be connected; return its name."""
        name = self._name(secrets.token_hex(4))
        self._create(self._connection(), name, template)
        return name

    def drop(self, name: str) -> None:
        """Drop a database of this run, and end the sessions in it."""
        if not name.startswith(self._name("")):
            raise ValueError(f"{name} is not a database of this test run")
        _drop(self._connection(), name)

    @contextmanager
    def database(self, template: str = "template1") -> Generator[str]:
        """Address of a new copy of `template`, dropped at the end."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def template(self, key: str, build: Callable[[str], None]) -> str:
        """Return the name of the template `key`; `build(url)` fills it, once in a run, while others wait."""
        name, draft = self._name(f"t_{key}"), self._name(f"d_{key}")
        with self._admin() as conn:
            conn.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS + 1, self.run])
            if not _exists(conn, name):
                _drop(conn, draft)
                self._create(conn, draft, "template1")
                build(self.url(draft))
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                conn.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
        return name

    def drop_all(self) -> None:
        """Drop all databases of this run, and then its roles."""
        with self._admin() as conn:
            for name in _names(conn):
                if name.startswith(self._name("")):
                    _drop(conn, name)
            _drop_roles(conn, self._name(""))

    def close(self) -> None:
        """Close what is open for the next database to be created or dropped."""
        while self._kept:
            self._kept.pop().close()

    def _connection(self) -> psycopg.Connection:
        """Return the connection that creates and drops: to open one each time takes as long as that does."""
        if not self._kept or self._kept[0].closed:
            self._kept[:] = [self._admin()]
        return self._kept[0]

    def create_app_role(self) -> None:
        """Create the role that serves in this run."""
        url = self.url(self._name("app"))
        query = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(app_role(url)), app_password(url))
        with self._admin() as conn:
            conn.execute(query)

    def _name(self, rest: str) -> str:
        return f"{PREFIX}{self.run}_{rest}"

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.admin_url, autocommit=True)

    def _create(self, conn: psycopg.Connection, name: str, template: str) -> None:
        # FILE_COPY takes 13 ms against 20 without fsync; with it, its two checkpoints cost far more.
        fast = conn.execute("SELECT current_setting('fsync') = 'off'").fetchone() == (True,)
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}")
        strategy = sql.SQL("FILE_COPY" if fast else "WAL_LOG")
        conn.execute(query.format(sql.Identifier(name), sql.Identifier(template), strategy))


@contextmanager
def database_server(environ: Mapping[str, str] = os.environ) -> Generator[Databases]:
    """The server of this run: a given one, a container, or the embedded one in memory.

    By the first that is set of `ANGIDI_TEST_SERVER` (a worker of pytest-xdist joins its controller's run),
    `TEST_DATABASE_URL`, `DATABASE_URL`, `DB_HOST`, `ANGIDI_TEST_CONTAINER=1`.
    """
    if environ.get("ANGIDI_ENV", "").lower() == "production":
        raise RuntimeError("ANGIDI_ENV is production: tests do not run there")
    if shared := environ.get(SHARED):
        run, admin_url = shared.split(" ", 1)
        with closing(Databases(admin_url, int(run))) as databases:
            yield databases
        return
    with _server(environ) as url, _run_on(with_database(url, "postgres")) as databases:
        yield databases


def owner_url(database: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the owner's address of a database of this run."""
    return with_database(environ[SHARED].split(" ", 1)[1], database)


def given_url(environ: Mapping[str, str]) -> str | None:
    """Address of the server that the environment names, if it names one."""
    if url := environ.get("TEST_DATABASE_URL") or environ.get("DATABASE_URL"):
        return url
    if not (host := environ.get("DB_HOST")):
        return None
    names = {"port": "DB_PORT", "user": "DB_USER", "password": "DB_PASSWORD", "sslmode": "DB_SSLMODE"}
    parts = {"host": host} | {part: environ[name] for part, name in names.items() if environ.get(name)}
    return f"postgresql:///?{urlencode(parts, quote_via=quote)}"


def with_database(url: str, database: str) -> str:
    """Return the address `url`, a URL or `key=value` pairs, with the name of the database changed."""
    if "://" not in url:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
        url = f"postgresql:///?{urlencode(parts, quote_via=quote)}"
    address = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(address.query) if key != "dbname"]
    return f"{address.scheme}://{address.netloc}/{quote(database)}?{urlencode(query, quote_via=quote)}"


@contextmanager
def _server(environ: Mapping[str, str]) -> Generator[str]:
    if url := given_url(environ):
        yield url
    elif environ.get("ANGIDI_TEST_CONTAINER") == "1" or not _have_embedded():
        with _container() as url:
            yield url
    else:
        with embedded_in_memory() as server:
            yield server.url("postgres")


def _have_embedded() -> bool:
    with suppress(EmbeddedError):
        return find_programs().is_dir()
    return False


@contextmanager
def _container() -> Generator[str]:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - slow to import, seldom used

    container = PostgresContainer(IMAGE, driver=None)
    container.with_env("POSTGRES_INITDB_ARGS", "--locale-provider=builtin --locale=C.UTF-8")
    settings = "fsync=off synchronous_commit=off full_page_writes=off max_connections=200"
    with container.with_command("postgres -c " + " -c ".join(settings.split())):
        yield container.get_connection_url()


@contextmanager
def embedded_in_memory() -> Generator[EmbeddedServer]:
    """An embedded server of our own, deleted at the end; those of dead runs are deleted at the start."""
    base = memory_folder()
    with opened_lock(base / f"angidi-test-{os.geteuid()}.lock") as lock:
        for _ in poll(_quiet, str):
            if try_lock(lock, alone=True):
                break
        for remains in base.glob("angidi-test-*/users.lock"):
            if remains.stat().st_uid == os.geteuid():
                EmbeddedServer(remains.parent, durable=False, notify=_quiet).discard()
        server = EmbeddedServer(Path(tempfile.mkdtemp(prefix="angidi-test-", dir=base)), durable=False, notify=_quiet)
        server.join()
    try:
        yield server
    finally:
        server.discard()


def memory_folder() -> Path:
    """Return /dev/shm if we can write there and it is large (in Docker it is not), else the usual folder."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= RAM_BYTES:
        return memory
    return Path(tempfile.gettempdir())


@contextmanager
def _run_on(admin_url: str) -> Generator[Databases]:
    """A new run on a server: its lock is held for the length of the block, and dead runs are cleared away."""
    with psycopg.connect(admin_url, autocommit=True) as alive:
        databases = Databases(admin_url, secrets.randbelow(2**31))
        alive.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, databases.run])
        _drop_dead_runs(alive)
        databases.create_app_role()
        try:
            yield databases
        finally:
            databases.close()
            databases.drop_all()


def _drop_dead_runs(conn: psycopg.Connection) -> None:
    """Drop the databases of the runs that hold no lock any more."""
    for name in _names(conn):
        run = name.removeprefix(PREFIX).split("_", 1)[0]
        query = """
            SELECT 1 FROM pg_catalog.pg_locks
             WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted
        """
        if run.isdecimal() and not conn.execute(query, [LOCK_CLASS, int(run)]).fetchone():
            _drop(conn, name)
            _drop_roles(conn, f"{PREFIX}{run}_")


def _names(conn: psycopg.Connection) -> list[str]:
    query = "SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, %s)"
    return [str(row[0]) for row in conn.execute(query, [PREFIX])]


def _exists(conn: psycopg.Connection, name: str) -> bool:
    return name in _names(conn)


def _drop(conn: psycopg.Connection, name: str) -> None:
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_roles(conn: psycopg.Connection, prefix: str) -> None:
    """Drop the roles of a run, except those that still have rights: another database of a dead run goes first."""
    query = "SELECT rolname FROM pg_catalog.pg_roles WHERE starts_with(rolname, %s)"
    for (name,) in conn.execute(query, [prefix]).fetchall():
        with suppress(psycopg.errors.DependentObjectsStillExist):
            conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def _quiet(_: str) -> None:
    """Say nothing."""
