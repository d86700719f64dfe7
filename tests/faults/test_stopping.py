"""The end of a server: by any number of signals, under load, and with what holds its connections."""

import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection
from tests.faults.clients import Clients
from tests.faults.conftest import ROUNDS, SERVING
from tests.support.locks import until_waiting
from tests.support.serving import Server, free_port, serving
from tests.support.waiting import until

SIGNALS = 3_000
SESSIONS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
STOPPING = (signal.SIGTERM, signal.SIGINT)

rounds = pytest.mark.parametrize("number", range(ROUNDS))


@contextmanager
def two_workers(folder: Path, url: str) -> Generator[Server]:
    with serving(folder / "home", measured=False, DATABASE_URL=url, SERVER_WORKERS="2", **SERVING) as server:
        yield server


def sessions(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute(SESSIONS).fetchone()
    return row[0] if row else -1


def assert_ended_in_order(server: Server, url: str) -> None:
    assert server.process.wait(30) == 0, server.output
    assert "Killing" not in server.output
    assert "Traceback" not in server.output
    until(lambda: sessions(url) == 0)  # PostgreSQL ends a session a moment after its client


@rounds
async def test_a_signal_under_load_cuts_off_no_request(shelf: str, tmp_path: Path, number: int) -> None:
    with two_workers(tmp_path, shelf) as server:
        clients, stop = Clients(server.port, "/api/v1/categories"), asyncio.Event()
        running = asyncio.create_task(clients.run(40, stop))
        await asyncio.sleep(0.5 + number % 5 / 10)
        told = time.monotonic()
        server.process.send_signal(STOPPING[number % 2])
        await running
        assert_ended_in_order(server, shelf)
    assert clients.statuses[200] > 40
    assert set(clients.statuses) <= {200, 0}
    assert clients.unanswered(told) == []


async def test_what_waits_in_the_database_is_answered_before_the_end(shelf: str, tmp_path: Path) -> None:
    with two_workers(tmp_path, shelf) as server:
        clients, stop = Clients(server.port, "/api/v1/categories"), asyncio.Event()
        async with await AsyncConnection.connect(shelf) as holder:
            await holder.execute("LOCK TABLE categories")
            running = asyncio.create_task(clients.run(24, stop))
            await until_waiting(shelf)
            server.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
            await holder.rollback()
        await running
        assert_ended_in_order(server, shelf)
    assert clients.statuses == {200: 24}


async def test_a_killed_worker_costs_what_it_had_in_flight_and_is_replaced(shelf: str, tmp_path: Path) -> None:
    with two_workers(tmp_path, shelf) as server:
        clients, stop = Clients(server.port, "/api/v1/categories"), asyncio.Event()
        running = asyncio.create_task(clients.run(40, stop))
        await asyncio.sleep(1)
        first, _ = server.workers()
        os.kill(first, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: first not in server.workers() and len(server.workers()) == 2)
        await asyncio.sleep(1)
        stop.set()
        await running
        server.process.send_signal(signal.SIGTERM)
        assert_ended_in_order(server, shelf)
    assert 0 < clients.statuses[0] <= 40
    assert set(clients.statuses) == {200, 0}


def silent(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def within_its_head(port: int) -> socket.socket:
    client = silent(port)
    client.sendall(b"GET /livez HTTP/1.1\r\nHost: ")
    return client


def never_reading(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60)
    return client


@pytest.mark.fault
@pytest.mark.parametrize("connect", [silent, within_its_head, never_reading])
def test_no_client_keeps_a_worker_beyond_its_grace(
    shelf: str, tmp_path: Path, connect: Callable[[int], socket.socket]
) -> None:
    with two_workers(tmp_path, shelf) as server:
        clients = [connect(server.port) for _ in range(20)]
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        assert_ended_in_order(server, shelf)
        for client in clients:
            client.close()


def storm(pid: int, number: int, kinds: tuple[signal.Signals, ...] = STOPPING) -> None:
    """Send signals in a row, as fast as it goes."""
    for _ in range(number):
        try:
            os.kill(pid, random.choice(kinds))
        except ProcessLookupError:
            return


@rounds
def test_thousands_of_signals_end_the_server_and_its_database(tmp_path: Path, number: int) -> None:
    home = tmp_path / f"home{number}"
    with serving(home, measured=False, SERVER_WORKERS="2") as server:
        storm(server.process.pid, SIGNALS)
        assert server.process.wait(60) == 0, server.output
        assert "Traceback" not in server.output
    assert not (home / "data" / "postmaster.pid").exists()


@rounds
def test_thousands_of_signals_while_starting_end_it_and_its_database(tmp_path: Path, number: int) -> None:
    home = tmp_path / "home"
    server = Server(home, free_port(), measured=False, SERVER_WORKERS="2")
    until((home / "serve.lock").exists)  # before, the interpreter is starting, and nothing is to be ended
    time.sleep(number % 7 / 3)
    storm(server.process.pid, SIGNALS)
    assert server.process.wait(60) in {0, 128 + signal.SIGTERM, 128 + signal.SIGINT}, server.output
    assert "Traceback" not in server.output
    assert not (home / "data" / "postmaster.pid").exists()


@rounds
def test_thousands_of_signals_end_the_job_worker(shelf: str, number: int) -> None:
    environment = {**os.environ, **SERVING, "DATABASE_URL": shelf}
    with subprocess.Popen(
        [sys.executable, "-m", "angidi", "worker"], env=environment, stderr=subprocess.PIPE, text=True
    ) as worker:
        until(lambda: sessions(shelf) > 0)
        time.sleep(number % 5 / 10)
        storm(worker.pid, SIGNALS)
        _, output = worker.communicate(timeout=30)
    assert (worker.returncode, "Traceback" in output) == (0, False), output
    until(lambda: sessions(shelf) == 0)


@rounds
def test_thousands_of_signals_to_a_worker_replace_it(shelf: str, tmp_path: Path, number: int) -> None:
    with two_workers(tmp_path, shelf) as server:
        worker, *_ = server.workers()
        storm(worker, SIGNALS)
        until(lambda: worker not in server.workers() and len(server.workers()) == 2)
        until(server.is_healthy)
        server.process.send_signal(STOPPING[number % 2])
        assert_ended_in_order(server, shelf)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@rounds
def test_a_signal_to_the_whole_group_of_make_run_ends_all(tmp_path: Path, number: int) -> None:
    home = tmp_path / "home"
    server = Server(home, free_port(), measured=False, command=["make", "run"]).wait()
    os.killpg(server.process.pid, STOPPING[number % 2])
    server.process.wait(60)
    until(lambda: not (home / "data" / "postmaster.pid").exists())
    assert "Traceback" not in server.output
