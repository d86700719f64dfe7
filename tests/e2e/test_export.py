"""The export over a real connection: complete, or visibly not, at the pace of its reader."""

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from pydantic import SecretStr
from tests.support.roles import environment_of
from tests.support.server import Databases
from tests.support.serving import Server, serving
from tests.support.shop import many
from tests.support.waiting import until

from angidi.app import build_tokens
from angidi.config import Settings

ROWS = 12_000
BROKEN = "answer broken off"
EXPORTING = """
SELECT pid
  FROM pg_stat_activity
 WHERE datname = current_database() AND query LIKE 'COPY (%' AND state = 'active'
"""


class Shop:
    """A server with 24 MB of products, more than sockets hold, and the headers of an admin; the tests only read."""

    def __init__(self, server: Server, url: str, headers: dict[str, str]) -> None:
        self.server = server
        self.url = f"{server.url}/api/v1/products/export"
        self.headers = headers | {"Accept-Encoding": "identity"}
        self._database = url

    def exporting(self) -> list[int]:
        """Return the server processes that an export keeps busy."""
        with psycopg.connect(self._database) as conn:
            return [int(row[0]) for row in conn.execute(EXPORTING)]

    def kill(self, pid: int) -> None:
        with psycopg.connect(self._database) as conn:
            conn.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.fixture(scope="module")
def shop(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with databases.database(template) as url:
        yield from shop_on(url, tmp_path_factory.mktemp("server") / "home")


def shop_on(url: str, home: Path) -> Iterator[Shop]:
    with psycopg.connect(url) as conn:
        conn.execute("ALTER TABLE products DISABLE TRIGGER products_inserted_search")  # takes time, and nobody searches
        conn.execute(many("categories", 1))
        conn.execute(many("products", ROWS, description="repeat('x', 2000)"))
        row = conn.execute(many("users", 1, role="'admin'")).fetchone()
    assert row
    own = {"ANGIDI_ENV": "test", **environment_of(url), "JWT_SECRET": "s" * 40, "SERVER_WORKERS": "1"}
    with serving(home, measured=False, **own) as server:
        tokens = build_tokens(Settings(angidi_env="test", angidi_home=home, jwt_secret=SecretStr("s" * 40)))
        token = tokens.make_access(row[0], "user1@shop.example", "admin")
        yield Shop(server, url, {"Authorization": f"Bearer {token}"})


def test_a_whole_export_comes_through_plain_and_gzipped(shop: Shop) -> None:
    plain = httpx.get(shop.url, headers=shop.headers)
    packed = httpx.get(shop.url, headers=shop.headers | {"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert sum(1 for _ in csv.DictReader(io.StringIO(plain.text))) == ROWS


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_export_whose_database_is_lost_does_not_look_complete(shop: Shop, encoding: str) -> None:
    headers = shop.headers | {"Accept-Encoding": encoding}
    before = shop.server.output.count(BROKEN)
    with (
        httpx.stream("GET", shop.url, headers=headers) as answer,
        pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"),
    ):
        parts = answer.iter_raw(1024)
        next(parts)
        (pid,) = shop.exporting()
        shop.kill(pid)
        for _ in parts:
            pass
    assert shop.server.output.count(BROKEN) > before
    assert httpx.get(f"{shop.server.url}/readyz").status_code == 200


def test_a_client_that_leaves_gives_the_connection_back(shop: Shop) -> None:
    for _ in range(3):
        with httpx.stream("GET", shop.url, headers=shop.headers) as answer:
            parts = answer.iter_raw(1024)
            next(parts)
            assert shop.exporting()
        until(lambda: not shop.exporting())
    assert len(httpx.get(shop.url, headers=shop.headers).content) > ROWS * 2000


def test_who_reads_slowly_is_waited_for_and_nothing_piles_up(shop: Shop) -> None:
    with httpx.stream("GET", shop.url, headers=shop.headers) as answer:
        parts = answer.iter_raw(1024)
        next(parts)
        time.sleep(1)
        assert shop.exporting()  # the server has not sent it all to somewhere in between
        assert sum(map(len, parts)) > ROWS * 1990
