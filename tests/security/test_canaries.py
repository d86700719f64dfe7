"""No input comes out where it does not belong: every operation and command is given canaries, and all is searched.

Searched are the log, with the reports of errors in it, answers, metrics, and what the machine shows of processes and
sessions; not the environment of processes, which only their own user can read.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.security.canaries import SECRET, STORED, Call, calls, leaks, log_of, process_list, shown
from tests.support.api import BASE
from tests.support.commands import Files, commands
from tests.support.serving import Server, free_port, serving
from tests.support.shop import ADDRESS
from tests.support.waiting import until

from angidi.cli.main import main
from angidi.config import Settings

EMAIL = "admin@shop.example"
KEYS = {"JWT_SECRET": f"{SECRET}-{uuid4()}", "JWT_PREVIOUS_SECRET": f"{SECRET}-{uuid4()}"}
ADMIN = {"ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": f"{SECRET} of the admin"}
LOUD = {"LOG_LEVEL": "debug", "DB_SLOW_STATEMENT": "1us", "DB_MAX_CONNS": "5", "DB_MIN_CONNS": "1"}
"""Settings with which the log tells most."""

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename !~ '^schema_migrations'"
SESSIONS = "SELECT application_name, query FROM pg_stat_activity WHERE datname = current_database()"
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


def with_password(url: str) -> str:
    """Return the address of the test's database with a password, which its server does not ask for."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    user, _, host = authority.rpartition("@")
    return f"{scheme}://{user.partition(':')[0] or 'angidi'}:{SECRET}@{host}/{path}"


def port_shows(port: int) -> str:
    """Return the metrics that a port shows, or nothing."""
    with suppress(httpx.TransportError):
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30)
        return answer.text if answer.status_code == 200 else ""
    return ""


class Searched:
    """A server, the answers that it gave, and the tokens among them."""

    def __init__(self, server: Server, url: str, management: int) -> None:
        self.server = server
        self.ports = (management, server.port)
        self.url = url
        self.name = str(conninfo_to_dict(url)["dbname"])
        self.answers: list[httpx.Response] = []
        self.tokens: set[str] = set()
        self._client = httpx.Client(timeout=30)
        self._headers = {"Authorization": f"Bearer {self.log_in()}"}
        self._ids = self._find_ids()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, **given: Any) -> httpx.Response:
        answer = self._client.request(**given)
        self.answers.append(answer)
        return answer

    def log_in(self) -> str:
        login = {"email": EMAIL, "password": ADMIN["ADMIN_PASSWORD"]}
        answer = self.send(method="POST", url=f"{self.server.url}{BASE}/users/login", json=login)
        data = answer.json()["data"]
        self.tokens |= {value for name, value in data.items() if "token" in name and isinstance(value, str)}
        return str(data["access_token"])

    def call_all(self) -> dict[str, int]:
        """Call every operation with a wrong token and as an administrator; return the statuses of the latter."""

        def call(each: Call) -> tuple[str, int]:
            self.send(**each.request(self.server.url, self._ids, {"Authorization": f"Bearer {SECRET}.x.y"}))
            answer = self.send(**each.request(self.server.url, self._ids, self._headers))
            return f"{each.method} {each.path}", answer.status_code

        with ThreadPoolExecutor(4) as pool:
            return dict(pool.map(call, calls()))

    def metrics(self) -> str:
        """Return the metrics, from whichever port shows them."""
        until(lambda: any(port_shows(port) for port in self.ports))
        return "\n".join(port_shows(port) for port in self.ports)

    def others(self) -> str:
        """Return all that is searched besides the answers."""
        with psycopg.connect(self.url) as conn:
            sessions = "\n".join(f"{name} {query}" for name, query in conn.execute(SESSIONS))
        return "\n".join([self.server.output, self.metrics(), process_list(self.server.process.pid), sessions])

    def _find_ids(self) -> dict[str, str]:
        """Create what operations are called on; return the ids by the names that parameters and fields have."""
        ids: dict[str, str] = {}
        needed: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("category", "/categories", {"name": STORED}),
            ("product", "/products", {"name": STORED, "price": 1.5, "stock": 100}),
            ("address", "/users/me/addresses", ADDRESS),
            ("reservation", "/reservations", {"items": [{"quantity": 1}]}),
            ("order", "/orders", {"items": [{"quantity": 1}], "shipping_address": ADDRESS}),
            ("user", "/users/register", {"email": f"{STORED}@shop.example", "password": f"{SECRET} 1", "name": STORED}),
        )
        for name, path, body in needed:
            sent: dict[str, Any] = {**body, "category_id": ids.get("category_id")} if name == "product" else body
            for item in sent.get("items", ()):
                item["product_id"] = ids["product_id"]
            url = f"{self.server.url}{BASE}{path}"
            answer = self.send(method="POST", url=url, json=sent, headers=self._headers)
            data = answer.json()["data"]
            ids[f"{name}_id"] = data.get("id") or data["user"]["id"]
        return {**ids, "parent_id": ids["category_id"]}


@pytest.fixture(params=["json", "console"])
def searched(request: pytest.FixtureRequest, tmp_path: Path, fresh_db: str) -> Iterator[Searched]:
    port = free_port()
    own = {**KEYS, **ADMIN, **LOUD, "LOG_FORMAT": request.param, "MANAGEMENT_PORT": str(port)}
    with ExitStack() as stack:
        address = with_password(fresh_db)
        server = stack.enter_context(serving(tmp_path / "home", measured=False, DATABASE_URL=address, **own))
        yield stack.enter_context(closing(Searched(server, fresh_db, port)))


def assert_no_leak(searched: Searched) -> None:
    others = searched.others()
    assert leaks(others) == []
    assert leaks(others, [token.rpartition(".")[2] for token in searched.tokens]) == []
    assert [found for answer in searched.answers if (found := leaks(shown(answer), [SECRET]))] == []


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_nothing_that_is_sent_comes_out_elsewhere(searched: Searched) -> None:
    statuses = searched.call_all()
    assert len(statuses) == len(calls())
    assert {call: status for call, status in statuses.items() if status >= 500} == {}
    assert sum(status < 300 for status in statuses.values()) > len(statuses) // 2, statuses
    assert STORED in "".join(answer.text for answer in searched.answers)
    assert_no_leak(searched)


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_nothing_comes_out_where_statements_fail(searched: Searched) -> None:
    """Constraints that nothing knows refuse all that is written; the server adds the parameters to its errors."""
    with psycopg.connect(searched.url, autocommit=True) as conn:
        for (table,) in conn.execute(TABLES.encode()).fetchall():
            add = "ALTER TABLE {} ADD CONSTRAINT unknown CHECK (false) NOT VALID"
            conn.execute(sql.SQL(add).format(sql.Identifier(table)))
        for name in ("log_parameter_max_length_on_error", "log_parameter_max_length"):
            conn.execute(
                sql.SQL("ALTER DATABASE {} SET {} = -1").format(sql.Identifier(searched.name), sql.Identifier(name))
            )
        conn.execute(END_SESSIONS, [searched.name])
    until(searched.server.is_healthy)
    assert 500 in searched.call_all().values()
    assert_no_leak(searched)


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_nothing_comes_out_where_the_database_is_lost(searched: Searched) -> None:
    with psycopg.connect(searched.url, dbname="postgres", autocommit=True) as conn:
        allow = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"
        conn.execute(sql.SQL(allow).format(sql.Identifier(searched.name), sql.SQL("false")))
        conn.execute(END_SESSIONS, [searched.name])
        statuses = searched.call_all()
        conn.execute(sql.SQL(allow).format(sql.Identifier(searched.name), sql.SQL("true")))
    assert 503 in statuses.values()
    assert_no_leak(searched)


@pytest.mark.fault
def test_the_embedded_server_logs_no_row_that_it_refuses(tmp_path: Path) -> None:
    with serving(tmp_path / "home", measured=False) as server:
        new = {"email": f"{STORED}@shop.example", "password": f"{SECRET} 1", "name": STORED}
        answers = [httpx.post(f"{server.url}{BASE}/users/register", json=new, timeout=30) for _ in range(2)]
    log = log_of(tmp_path / "home/postgres.log")
    assert [answer.status_code for answer in answers] == [201, 409]
    assert "users_email_active_key" in log
    assert leaks(log) == []


@pytest.mark.fault
def test_a_planted_leak_is_found_in_the_log_and_in_the_metrics(tmp_path: Path, fresh_db: str) -> None:
    port, home = free_port(), tmp_path / "home"
    own = {**KEYS, **ADMIN, **LOUD, "DATABASE_URL": fresh_db, "MANAGEMENT_PORT": str(port)}
    server = Server(home, free_port(), measured=False, program="tests.security.leaky", **own)
    with ExitStack() as stack:
        stack.callback(lambda: server.process.poll() is None and server.end())
        leaky = stack.enter_context(closing(Searched(server.wait(), fresh_db, port)))
        assert leaks(log_of(server.log))
        assert leaks(leaky.metrics())


ADDRESSES = {
    "a raw @": f"postgresql://ada:{SECRET}@{SECRET}@127.0.0.1:1/shop",
    "a raw /": f"postgresql://ada:{SECRET}/{SECRET}@127.0.0.1:1/shop",
    "digits and a raw /": f"postgresql://ada:12/{SECRET}@127.0.0.1:1/shop",
    "nobody answers": f"postgresql://ada:{SECRET}@127.0.0.1:1/shop",
    "no such host": f"postgresql://ada:{SECRET}@no.invalid/shop",
    "an unknown parameter": f"postgresql://ada:{SECRET}@127.0.0.1:1/shop?nonsense={SECRET}",
    "pairs": f"host=127.0.0.1 port=1 user=ada password={SECRET} dbname=shop",
    "pairs with a blank": f"host=127.0.0.1 port=1 user=ada password=a {SECRET} dbname=shop",
    "another scheme": f"postgresql+psycopg://ada:{SECRET}@127.0.0.1:1/shop",
}


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_no_command_shows_a_secret(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path / "files").write()
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    for setting, value in {**KEYS, **ADMIN}.items():
        monkeypatch.setenv(setting, value)
    chosen = dict(list(ADDRESSES.items())[:1]) if name == "serve" else ADDRESSES
    for kind, address in chosen.items():
        monkeypatch.setenv("DATABASE_URL", address)
        outcome = files.run(name, address)
        assert leaks(outcome.stdout + outcome.stderr + outcome.traceback) == [], kind
    monkeypatch.setenv("DATABASE_URL", ADDRESSES["nobody answers"])
    for setting in ("JWT_SECRET", "ADMIN_PASSWORD"):
        monkeypatch.setenv(setting, SECRET[:8])  # too short
    outcome = files.run(name, ADDRESSES["a raw @"])
    assert leaks(outcome.stdout + outcome.stderr + outcome.traceback, [SECRET[:8]]) == []


PATHS = {"ANGIDI_HOME", "ANGIDI_CONFIG", "ANGIDI_ENV_FILE"}
"""Settings that name a file, which messages have to name."""


@pytest.mark.parametrize("setting", sorted({name.upper() for name in Settings.model_fields} - PATHS))
@pytest.mark.parametrize("command", ["config show", "config show --json", "doctor"])
def test_no_setting_shows_an_address_that_stands_in_it(
    setting: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DB_HOST", "127.0.0.1")
    monkeypatch.setenv("DB_PORT", "1")
    for address in ADDRESSES.values():
        monkeypatch.setenv(setting, address)
        done = CliRunner().invoke(main, command.split())
        assert leaks(done.output) == []
