"""`angidi serve` as a process: starts, refusals, ends, and what a kill leaves."""

import json
import os
import re
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest
from click.testing import CliRunner
from tests.support.api import BASE
from tests.support.processes import children_of
from tests.support.roles import app_role, environment_of
from tests.support.serving import ROOT, Server, free_port, serving
from tests.support.terminal import Terminal
from tests.support.waiting import until

from angidi.cli.main import main
from angidi.embedded import EmbeddedServer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home"


def register(server: Server, email: str) -> httpx.Response:
    body = {"email": email, "password": "correct horse", "name": "Somebody"}
    return httpx.post(f"{server.url}{BASE}/users/register", json=body)


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.long
def test_a_restart_keeps_what_was_stored(home: Path) -> None:
    with serving(home) as server:
        assert register(server, "a@shop.example").status_code == 201
    with serving(home) as server:
        assert register(server, "a@shop.example").status_code == 409


def test_on_a_terminal_a_request_is_a_line_for_people(fresh_db: str, home: Path) -> None:
    port = str(free_port())
    settings = {"DATABASE_URL": fresh_db, "ANGIDI_HOME": str(home), "SERVER_PORT": port, "SERVER_HOST": "127.0.0.1"}
    terminal = Terminal(["-m", "angidi", "serve", "--no-seed"], {**settings, "NO_COLOR": "1"})
    terminal.wait_for("answers at")
    until(lambda: is_listening(int(port)))
    httpx.get(f"http://127.0.0.1:{port}/health")
    terminal.wait_for(" info     GET /health 200 ")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.end()


def test_a_right_that_the_role_lacks_is_warned_of_at_the_start(fresh_db: str, home: Path) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute(f"REVOKE INSERT ON reservations FROM {app_role(fresh_db)}".encode())
    with serving(home, measured=False, **environment_of(fresh_db)) as server:
        assert f"warning: {app_role(fresh_db)} may not INSERT reservations; see `angidi db roles`" in server.output


def test_a_second_server_on_the_same_home_is_refused_and_told_the_first_ones_pid(home: Path) -> None:
    with serving(home) as first:
        for port in (free_port(), first.port):
            second = Server(home, port)
            assert second.process.wait(30) == 69
            assert f"process {first.process.pid}" in second.output
            assert f"kill {first.process.pid}" in second.output


def test_servers_of_one_home_on_two_ports_count_the_requests_of_a_client_together(fresh_db: str, home: Path) -> None:
    settings = {**environment_of(fresh_db), "API_RATE_LIMIT": "6", "JWT_SECRET": "s" * 64}
    with serving(home, measured=False, **settings) as first, serving(home, measured=False, **settings) as second:
        turns = [httpx.get(f"{server.url}{BASE}/products").status_code for server in (first, second) * 4]
    assert turns == [200] * 6 + [429] * 2


def test_a_taken_port_stops_the_start_with_one_line(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server(home, port)
        assert server.process.wait(30) == 78
        assert server.output.count("\n") == 1
        assert f"SERVER_PORT: cannot listen on 127.0.0.1:{port}" in server.output


@pytest.mark.parametrize("signum", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_signal_ends_a_running_server_and_its_database_in_time(home: Path, signum: signal.Signals) -> None:
    with serving(home) as server:
        assert register(server, "a@shop.example").status_code == 201
        workers = children_of(server.process.pid)
        server.end(signum)
    assert "Traceback" not in server.output
    assert not any(is_running(worker) for worker in workers)
    assert not (home / "data" / "postmaster.pid").exists()


@pytest.mark.parametrize(
    "delay", [0.2, 0.9, *(pytest.param(each, marks=pytest.mark.long) for each in (0.0, 0.5, 1.3, 2.0))]
)
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_starting_ends_it_without_a_traceback(home: Path, signum: signal.Signals, delay: float) -> None:
    server = Server(home, free_port(), measured=False)
    time.sleep(delay)
    server.process.send_signal(signum)
    server.process.wait(60)
    # While the interpreter is starting, up to the first lines of __main__, it may complain.
    assert not re.search(f'File "{re.escape(str(ROOT))}(?!/src/angidi/__main__.py)', server.output)
    assert not (home / "data" / "postmaster.pid").exists()


@pytest.mark.long
def test_workers_end_with_a_killed_parent_and_the_next_start_finds_all_rows(home: Path) -> None:
    with serving(home, SERVER_WORKERS="2") as server:
        assert register(server, "a@shop.example").status_code == 201
        workers = children_of(server.process.pid)
        server.end(signal.SIGKILL)
        until(lambda: not any(is_running(worker) for worker in workers))
    with serving(home) as again:
        assert register(again, "a@shop.example").status_code == 409


@pytest.mark.long
def test_what_all_workers_ran_is_in_the_metrics_and_in_db_slow(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = str(free_port())
    with serving(home, SERVER_WORKERS="2", DB_SLOW_STATEMENT="1us", MANAGEMENT_PORT=port) as server:
        for number in range(20):
            register(server, f"{number}@shop.example")
        until(lambda: is_listening(int(port)))
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert httpx.get(f"{server.url}/metrics").status_code == 404
        monkeypatch.setenv("ANGIDI_HOME", str(home))
        report = json.loads(CliRunner().invoke(main, ["db", "slow", "--json", "--limit", "50"]).stdout)
    assert 'angidi_statement_duration_seconds_count{statement="users.insert"} 20.0' in metrics
    assert 'route="/api/v1/users/register",status="201"} 20.0' in metrics
    assert re.search('angidi_pool{figure="pool_max"} 2[0-9]', metrics)
    # Besides, once for each user of the sample data, by another statement.
    assert {each["calls"] for each in report["statements"] if "INSERT INTO users" in each["statement"]} == {12, 20}
    assert '"event": "slow statement"' in server.output or '"event":"slow statement"' in server.output


def test_a_killed_database_is_a_clean_503_and_comes_back_with_what_was_acknowledged(home: Path) -> None:
    with serving(home) as server:
        assert register(server, "a@shop.example").status_code == 201
        kill_postmaster(home)
        seen = {register(server, "b@shop.example").status_code for _ in range(3)}
        assert seen <= {503, 201, 409}
        until(server.is_healthy)
        assert register(server, "a@shop.example").status_code == 409
        assert "Traceback" not in server.output


@pytest.mark.long
def test_a_request_during_an_outage_gets_503_with_retry_after_and_no_secrets(home: Path) -> None:
    with serving(home) as server:
        with EmbeddedServer(home) as embedded:
            url = embedded.url("angidi_dev")
        with psycopg.connect(url.replace("angidi_dev", "postgres"), autocommit=True) as conn:
            conn.execute("ALTER DATABASE angidi_dev ALLOW_CONNECTIONS false")
            conn.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'angidi_dev'")
            try:
                answer = httpx.get(f"{server.url}{BASE}/products", timeout=20)
                health = httpx.get(f"{server.url}/health", timeout=20)
            finally:
                conn.execute("ALTER DATABASE angidi_dev ALLOW_CONNECTIONS true")
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "DATABASE_UNAVAILABLE"
        assert answer.headers["Retry-After"]
        assert "angidi_dev" not in answer.text
        assert health.status_code == 503
        assert health.json()["data"]["status"] == "unhealthy"
        until(lambda: httpx.get(f"{server.url}{BASE}/products").status_code == 200)


@pytest.mark.long
def test_a_worker_that_is_started_in_an_outage_answers_503_until_it_is_over(home: Path) -> None:
    with serving(home, measured=False) as server:
        with EmbeddedServer(home) as embedded:
            url = embedded.url("postgres")
        (before,) = server.workers()
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("ALTER DATABASE angidi_dev ALLOW_CONNECTIONS false")
            os.kill(before, signal.SIGKILL)
            try:
                until(lambda: status_of(server, "/livez") == 200)
                assert status_of(server, f"{BASE}/products") == 503
            finally:
                conn.execute("ALTER DATABASE angidi_dev ALLOW_CONNECTIONS true")
        until(lambda: status_of(server, f"{BASE}/products") == 200)
        assert before not in server.workers()
        assert "Traceback" not in server.output


def status_of(server: Server, path: str) -> int:
    """Return the status of an answer; 0 if there is none."""
    with suppress(httpx.TransportError):
        return httpx.get(f"{server.url}{path}", timeout=20).status_code
    return 0


def log_in(server: Server, password: str) -> int:
    body = {"email": "boss@shop.example", "password": password}
    return httpx.post(f"{server.url}{BASE}/users/login", json=body).status_code


@pytest.mark.long
def test_the_first_admin_is_made_once_and_not_changed_by_a_later_start(home: Path) -> None:
    email = "boss@shop.example"
    with serving(home, ADMIN_EMAIL=email, ADMIN_PASSWORD="a first long phrase") as server:
        assert log_in(server, "a first long phrase") == 200
        assert "created the first admin, boss@shop.example" in server.output
        assert "long phrase" not in server.output
    with serving(home, ADMIN_EMAIL=email, ADMIN_PASSWORD="another long phrase") as again:
        assert log_in(again, "another long phrase") == 401


@pytest.mark.long
def test_an_ordinary_user_is_never_made_an_admin_by_a_setting(home: Path) -> None:
    with serving(home) as server:
        assert register(server, "boss@shop.example").status_code == 201
    with serving(home, ADMIN_EMAIL="BOSS@shop.example", ADMIN_PASSWORD="a long phrase of theirs") as again:
        assert "belongs to an ordinary user" in again.output
        assert log_in(again, "a long phrase of theirs") == 401
        assert log_in(again, "correct horse") == 200


@pytest.mark.long
def test_a_common_password_stops_the_start_that_would_make_the_first_admin(home: Path) -> None:
    server = Server(home, free_port(), ADMIN_EMAIL="boss@shop.example", ADMIN_PASSWORD="Administrator")
    assert server.process.wait(30) == 78
    assert "ADMIN_PASSWORD: is one of the most common passwords" in server.output
    with serving(home, ADMIN_EMAIL="boss@shop.example", ADMIN_PASSWORD="a long phrase of mine"):
        pass
    with serving(home, ADMIN_EMAIL="boss@shop.example", ADMIN_PASSWORD="Administrator") as again:
        assert "ADMIN_PASSWORD" not in again.output


@pytest.mark.long
def test_an_admin_address_that_is_none_stops_the_start(home: Path) -> None:
    server = Server(home, free_port(), ADMIN_EMAIL="boss", ADMIN_PASSWORD="a long phrase of mine")
    assert server.process.wait(30) == 78
    assert "ADMIN_EMAIL: must be an email address" in server.output


def kill_postmaster(home: Path) -> None:
    """Kill the postmaster that answers at `home`, which names itself."""
    with EmbeddedServer(home) as server, psycopg.connect(server.url("postgres")) as conn:
        row = conn.execute("SELECT pg_read_file('postmaster.pid'), current_setting('data_directory')").fetchone()
    assert row
    number, directory, *_ = row[0].splitlines()
    assert Path(row[1]) == Path(directory) == (home / "data").resolve()
    os.kill(int(number), signal.SIGKILL)
