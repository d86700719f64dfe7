"""A full disk, and files of the home that are cut off, removed or filled with noise: no process ends.

The data directory of PostgreSQL is out of scope: no server outlives the loss of its own files.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from tests.faults.killable import LOSING
from tests.support.api import BASE
from tests.support.processes import children_of
from tests.support.serving import Server, serving
from tests.support.waiting import until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

SIZE = 190
"""Megabytes of the disk."""

ADMIN = {"ADMIN_EMAIL": "admin@shop.example", "ADMIN_PASSWORD": "a phrase for the disk"}
DEFAULTS = {"ANGIDI_ENV": "development", "API_RATE_LIMIT": "100", "SERVER_WORKERS": "2", **ADMIN}
"""The settings as they are by default, but that two workers share."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk, with a folder for temporary files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0700", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    (folder / "tmp").mkdir()
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Shop:
    """A served shop. Each request comes from an address that was not seen before."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.acknowledged: list[str] = []
        self._calls = 0
        self._headers: dict[str, str] = {}
        login = {"email": ADMIN["ADMIN_EMAIL"], "password": ADMIN["ADMIN_PASSWORD"]}
        data = self.ask("POST", "/users/login", login).json()["data"]
        self._headers = {"Authorization": f"Bearer {data['access_token']}"}
        self._category = self.ask("POST", "/categories", {"name": "Cups"}).json()["data"]["id"]
        assert self.write().status_code == 201

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        self._calls += 1
        source = f"127.0.{1 + self._calls // 200}.{50 + self._calls % 200}"
        with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=10) as client:
            return client.request(method, self.server.url + BASE + path, json=body, headers=self._headers)

    def write(self) -> httpx.Response:
        """Store a product that needs a page of its own; what is acknowledged is remembered."""
        text = os.urandom(1000).hex()  # which is not compressed away
        product = {
            "name": f"Cup {uuid4()}",
            "price": 7.1,
            "stock": 1,
            "category_id": self._category,
            "description": text,
        }
        answer = self.ask("POST", "/products", product)
        if answer.status_code == 201:
            self.acknowledged.append(answer.json()["data"]["id"])
        return answer

    def read(self) -> httpx.Response:
        return self.ask("GET", f"/products/{self.acknowledged[0]}")

    def lost(self) -> int:
        """Return how many acknowledged products are not there."""
        return sum(self.ask("GET", f"/products/{each}").status_code == 404 for each in self.acknowledged)

    def works(self) -> bool:
        """Tell whether it reads and writes."""
        with suppress(httpx.TransportError):
            return (self.read().status_code, self.write().status_code) == (200, 201)
        return False


def processes(server: Server) -> dict[int, str]:
    """Return the processes of the server: itself, its workers and the job worker, with their start times."""
    pid = server.process.pid
    family = [pid, *children_of(pid)]
    return {each: Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[19] for each in family}


def kill_workers(server: Server) -> None:
    """Kill the processes that answer, which are forked; the job worker is not."""
    for pid in children_of(server.process.pid):
        if b"--beside" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def fill(disk: Path) -> Path:
    """Fill the disk to the last byte; return the file that does."""
    path = disk / "filler"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"x")
    return path


def test_with_the_home_on_a_full_disk_everything_goes_on(disk: Path, fresh_db: str) -> None:
    own = {**DEFAULTS, "DATABASE_URL": fresh_db, "TMPDIR": str(disk / "tmp")}
    with serving(disk / "home", measured=False, **own) as server:
        shop, before = Shop(server), processes(server)
        fill(disk)
        for _ in range(60):
            assert (shop.read().status_code, shop.write().status_code) == (200, 201)
        assert httpx.get(f"{server.url}/livez").status_code == 200
        assert processes(server) == before


def test_with_the_home_gone_everything_goes_on_and_a_new_worker_starts(disk: Path, fresh_db: str) -> None:
    own = {**DEFAULTS, "DATABASE_URL": fresh_db, "TMPDIR": str(disk / "tmp")}
    with serving(disk / "home", measured=False, **own) as server:
        shop = Shop(server)
        for folder in (disk / "home", disk / "tmp"):
            shutil.rmtree(folder)
        kill_workers(server)
        until(shop.works)  # with the token of before
        assert server.process.poll() is None


def kill_database(home: Path) -> None:
    pid = int((home / "data/postmaster.pid").read_text().splitlines()[0])
    assert "postgres" in Path(f"/proc/{pid}/cmdline").read_text()
    os.kill(pid, signal.SIGKILL)


def make_forgetful(home: Path) -> None:
    """Have the embedded server acknowledge what it has not written."""
    with psycopg.connect(host=str(home / "run"), user="angidi", dbname="postgres", autocommit=True) as conn:
        for name, value in LOSING.items():
            conn.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        conn.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("forgets", [False, True], ids=["as it is", "the control"])
def test_with_the_database_on_a_full_disk_writes_wait_and_nothing_acknowledged_is_lost(
    disk: Path, forgets: bool
) -> None:
    home = disk / "home"
    with serving(home, measured=False, **DEFAULTS) as server:
        shop, before = Shop(server), processes(server)
        filler = fill(disk)
        refused = [shop.write() for _ in range(400)]
        statuses = {answer.status_code for answer in refused}
        assert statuses <= {201, 503}
        assert refused[-1].status_code == 503
        assert {answer.headers.get("Retry-After") for answer in refused if answer.status_code == 503} != {None}
        assert {shop.read().status_code for _ in range(20)} == {200}
        filler.unlink()
        until(shop.works)
        if forgets:
            make_forgetful(home)
            until(lambda: shop.write().status_code == 201)
        for _ in range(20):
            shop.write()
        kill_database(home)
        until(shop.works)
        assert (shop.lost() > 0) is forgets
        assert processes(server) == before


def cut_off(path: Path) -> None:
    os.truncate(path, 0)


def fill_with_noise(path: Path) -> None:
    path.write_bytes(os.urandom(max(4096, path.stat().st_size)))


def put_noise_in_its_place(path: Path) -> None:
    path.unlink()
    path.write_bytes(os.urandom(4096))


@pytest.mark.parametrize("harm", [cut_off, fill_with_noise, Path.unlink, put_noise_in_its_place])
def test_each_file_of_the_home_may_be_harmed(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    home = tmp_path / "home"
    with serving(home, measured=False, **DEFAULTS) as server:
        shop, before = Shop(server), processes(server)
        files = [path for path in home.rglob("*") if not path.is_dir() and "data" not in path.relative_to(home).parts]
        assert {path.name for path in files} >= {"jwt-secret", "users.lock", "alive.lock", ".s.PGSQL.5432"}
        for path in sorted(files, key=Path.is_socket):
            if path.is_socket() and harm in {cut_off, fill_with_noise}:
                continue  # a socket has no content
            harm(path)
            until(shop.works)
            assert processes(server) == before, path.name
        assert shop.lost() == 0
        kill_workers(server)
        until(shop.works)
        assert server.process.poll() is None
    assert not (home / "data/postmaster.pid").exists()
