"""The management port: a process of its own, with health and metrics."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest
from tests.support.processes import children_of
from tests.support.serving import Server, free_port, serving
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def settings(fresh_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what each of these servers has in common."""
    for name, value in {"ANGIDI_ENV": "test", "JWT_SECRET": "s" * 64, "DATABASE_URL": fresh_db}.items():
        monkeypatch.setenv(name, value)


def status(port: int, path: str, host: str = "127.0.0.1") -> int:
    """Return the status of the answer to who calls it `host`, 0 if none comes."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Host": host}, timeout=5).status_code
    except httpx.TransportError:
        return 0


def managing(server: Server) -> int:
    """Return the process that answers at the management port."""
    children = children_of(server.process.pid)
    return next(child for child in children if b"management" in Path(f"/proc/{child}/cmdline").read_bytes())


def test_a_page_that_has_a_name_of_its_own_for_the_loopback_reads_nothing(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "home", MANAGEMENT_PORT=str(port)):
        until(lambda: status(port, "/livez") == 200)
        names = ("evil.example", f"evil.example:{port}", "localhost.evil.example", "LOCALHOST", f"[::1]:{port}")
        assert [status(port, "/metrics", name) for name in names] == [400, 400, 400, 200, 200]


def test_it_answers_while_the_workers_are_frozen_and_comes_back_when_killed(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "home", MANAGEMENT_PORT=str(port)) as server:
        until(lambda: status(port, "/readyz") == 200)
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)
        paths = ("/health", "/api/v1/health", "/livez", "/readyz", "/metrics", "/api/v1/products")
        assert [status(port, path) for path in paths] == [200, 200, 200, 200, 200, 404]
        os.kill(worker, signal.SIGCONT)
        first = managing(server)
        os.kill(first, signal.SIGKILL)
        until(lambda: status(port, "/livez") == 200 and managing(server) != first)
        assert status(server.port, "/metrics") == 404
        assert server.end() == 0
    assert status(port, "/livez") == 0
    assert "is started again" in server.output
    assert "experimental" not in server.output


def metrics(port: int) -> str:
    """Return the metrics, or nothing as long as the port does not answer."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    except httpx.TransportError:
        return ""


def test_all_processes_count_in_memory_without_a_file(tmp_path: Path) -> None:
    """A file that is mapped ends the process that touches it on a full disk."""
    port = free_port()
    with serving(tmp_path / "home", ANGIDI_ENV="development", TMPDIR=str(tmp_path), MANAGEMENT_PORT=str(port)):
        until(lambda: "sessions.sweep" in metrics(port))  # which the job worker runs
        files = [*tmp_path.glob("angidi-metrics-*/*.db")]
        assert files
        assert [path.name for path in files if not path.is_symlink()] == []


@pytest.mark.parametrize("unset", [True, False])
def test_a_taken_port_is_a_warning_and_the_server_starts(tmp_path: Path, unset: bool) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1000))
        taken.listen()
        server = Server(tmp_path / "home", port, MANAGEMENT_PORT="" if unset else str(port + 1000)).wait()
        assert server.end() == 0
    assert f"warning: MANAGEMENT_PORT: cannot listen on 127.0.0.1:{port + 1000}" in server.output


def test_a_port_beyond_the_highest_is_a_warning_and_the_server_starts(tmp_path: Path) -> None:
    port = next(port for port in range(64_600, 65_500) if status(port, "/livez") == 0)
    server = Server(tmp_path / "home", port, MANAGEMENT_PORT="").wait()
    assert server.end() == 0
    assert f"warning: MANAGEMENT_PORT: SERVER_PORT + 1000 is {port + 1000}" in server.output
