"""Every command on a database in every state: a line that names the next step, and never a traceback."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.errors import DuplicateObject, UniqueViolation
from tests.support.commands import ARGUMENTS, Files, Outcome, commands
from tests.support.server import Databases, with_database
from tests.support.serving import free_port

from angidi.cli.schema_state import MIGRATIONS
from angidi.migrate import Migrate, Source

Call = Callable[[str, str], Outcome]
LATEST = Source(MIGRATIONS).versions[-1]
COMMANDS = dict(commands())
STRANGER = "angidi_test_stranger"
DOCUMENTED = {0, 1, 3, 69, 78}
"""Exit codes by docs/reference/cli.md, but for 2 (wrong usage) and 130 (Ctrl-C)."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of the database, made by `change` from the address of a database that the fixture `base` gives.

    What fails has to name the next step, `advice`. `serves` tells that `serve` serves, which other tests show.
    """

    advice: str
    base: str = "fresh_db"
    change: Callable[[str], str] = str
    code: int | None = None
    serves: bool = False


def altered(query: str) -> Callable[[str], str]:
    """Return a change by a statement, in which `{database}` stands for the database."""

    def change(url: str) -> str:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(query.replace("{database}", conn.info.dbname).encode())
        return url

    return change


def stepped_down(url: str) -> str:
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.steps(-1)
    return url


NOBODY_THERE = "postgresql://ada:hunter2@127.0.0.1:1/shop"
STATES = {
    "no server": State("Connection refused. Is the server up", "nowhere", code=69),
    "no database": State('database ".*" does not exist. Create it by `angidi db create`', "dropped_db", code=69),
    "empty": State("angidi migrate (up|status)", "empty_db", serves=True),
    "behind": State("angidi migrate up", change=stepped_down),
    "ahead": State("newer", change=altered(f"UPDATE schema_migrations SET version = {LATEST + 1}"), serves=True),
    "dirty": State("repair|Next: `force", change=altered("UPDATE schema_migrations SET dirty = true")),
    "read-only": State(
        "name the primary in DATABASE_URL",
        change=altered('ALTER DATABASE "{database}" SET default_transaction_read_only = on'),
        serves=True,
    ),
    "no rights": State("Grant", change=lambda url: make_conninfo(url, user=STRANGER)),
    "stripped": State(
        "dropped from it by hand|Next: ", change=altered("DROP TABLE products, categories, users CASCADE"), serves=True
    ),
}
ITS_OWN = {
    "db slow": "pg_stat_statements",
    "migrate baseline": "Use `force`",
    "migrate dump": "--pg-dump",
    "db shell": "Look at DATABASE_URL",
    "takeover": "taken over already|nothing to take over",
    "users": "There is no user",
}
"""What else a command, or one of a group, may tell, whatever the state."""

REPORTS = {"doctor", "migrate lint", "verify"}
"""Commands that exit with 1 for what they found, which is on standard output."""

SHORT = {("empty", name) for name in ("export products", "import products", "migrate version", "seed", "users create")}
CASES = [
    pytest.param(state, name, id=f"{state}-{name}", marks=[] if is_short else [pytest.mark.long])
    for state in STATES
    for name in COMMANDS
    if not (name == "serve" and STATES[state].serves)
    for is_short in [state == "no server" or (state, name) in SHORT]
]


@pytest.fixture
def nowhere() -> str:
    """The address of a port where nobody listens."""
    return NOBODY_THERE


@pytest.fixture
def dropped_db(databases: Databases) -> Iterator[str]:
    """The address of a database that is not there; `db create` makes it."""
    name = databases.create()
    databases.drop(name)
    yield databases.url(name)
    databases.drop(name)


@pytest.fixture(scope="session")
def stranger(databases: Databases) -> None:
    """A role that may log in, and nothing else; it stays, for the runs beside this one."""
    with psycopg.connect(databases.admin_url, autocommit=True) as conn, suppress(DuplicateObject, UniqueViolation):
        conn.execute(f"CREATE ROLE {STRANGER} LOGIN".encode())


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`call(name, url)` runs a command on the database at `url`."""
    files = Files(tmp_path / "files").write()
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SERVER_PORT", str(free_port()))
    monkeypatch.setenv("LC_ALL", "C")

    def run(name: str, url: str) -> Outcome:
        monkeypatch.setenv("DATABASE_URL", url)
        return files.run(name, with_database(url, "postgres"))

    return run


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize(("state", "name"), CASES)
def test_a_command_names_the_next_step(request: pytest.FixtureRequest, call: Call, state: str, name: str) -> None:
    expected = STATES[state]
    done = call(name, expected.change(request.getfixturevalue(expected.base)))
    assert done.traceback == ""
    assert "hunter2" not in done.stdout + done.stderr
    assert done.exit_code in DOCUMENTED, done.stderr
    if done.exit_code in {0, 3} or (done.exit_code == 1 and name in REPORTS and "error: " not in done.stderr):
        return
    assert done.stderr.splitlines()[-1].startswith(("error: ", "next: ")), done.stderr
    own = ITS_OWN.get(name) or ITS_OWN.get(name.split(maxsplit=1)[0], expected.advice)
    assert re.search(f"{expected.advice}|{own}", done.stderr), done.stderr
    if expected.code and name != "migrate lint":
        assert done.exit_code == expected.code
        assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1


def test_serve_warns_of_misspelt_settings(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASWORD", "hunter2")
    warning, error = call("serve", NOBODY_THERE).stderr.splitlines()
    assert warning == "warning: DB_PASWORD (environment) is no setting; did you mean DB_PASSWORD?"
    assert error.startswith("error: ")


def test_every_command_has_the_arguments_that_it_needs() -> None:
    """A new command is called in every state without arguments; one that needs some gets a line in `ARGUMENTS`."""
    needing = {
        name
        for name, command in COMMANDS.items()
        if any(parameter.required or getattr(parameter, "prompt", None) for parameter in command.params)
    }
    assert needing <= ARGUMENTS.keys() <= COMMANDS.keys()
