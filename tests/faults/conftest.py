"""A shop served by two processes over one database."""

import os
import signal
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.faults.killable import KillableDatabase
from tests.support.api import Api
from tests.support.processes import children_of
from tests.support.roles import environment_of
from tests.support.serving import Server, serving
from tests.support.shop import ADDRESS, make, many, rows
from tests.support.wire import Answer, send

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
"""How often each race is run; `make faults` sets more."""

SECRET = "s" * 64
SERVING = {
    "ANGIDI_ENV": "test",
    "JWT_SECRET": SECRET,
    "LOG_LEVEL": "warning",
    "DB_MIN_CONNS": "2",
    "DB_MAX_CONNS": "15",
}

Headers = Mapping[str, str]


class TwoServers:
    """The shop: requests go to its two processes by turns. `url` is the address of its database."""

    def __init__(self, api: Api, servers: list[Server], url: str) -> None:
        self.api = api
        self.servers = servers
        self.url = url
        self.ended: list[int] = []
        self._turn = 0
        self._category: UUID | None = None

    async def ask(
        self, method: str, path: str, body: object = None, *, headers: Headers | None = None, **more: str
    ) -> Answer:
        """Send a request to the process whose turn it is; `more` are headers, with `_` for `-`."""
        self._turn += 1
        port = self.servers[self._turn % len(self.servers)].port
        fields = {name.replace("_", "-"): value for name, value in more.items()}
        return await send(port, method, path, body, headers={**(headers or {}), **fields})

    async def place(self, buyer: Headers, *lines: tuple[str, int], **more: str) -> Answer:
        """Send an order of these products and quantities."""
        return await self.ask("POST", "/orders", order_of(*lines), headers=buyer, **more)

    async def buyers(self, count: int) -> list[Headers]:
        """Make accounts; return their headers."""
        users = [await self.api.make_user(f"buyer{number}@shop.example") for number in range(count)]
        return [self.api.as_(user) for user in users]

    async def product(self, stock: int, **columns: Any) -> str:
        """Make a product; return its id."""
        if self._category is None:
            (self._category,) = await make(self.api.database, rows("categories", {"name": "Cups"}))
        row = {"name": "Espresso cup", "stock": stock, "category_id": self._category, **columns}
        return str((await make(self.api.database, rows("products", row)))[0])

    async def products(self, *stocks: int) -> list[str]:
        """Make a product of each stock; return their ids."""
        return [await self.product(stock, name=f"Product {place}") for place, stock in enumerate(stocks)]

    def value(self, query: str, *parameters: object) -> Any:
        """Return the value that a query gives, on a connection of its own."""
        with psycopg.connect(self.url) as conn:
            row = conn.execute(query.encode(), parameters).fetchone()
        return row and row[0]

    def replace(self, place: int) -> None:
        """Kill a process and all below it, and start it again on its port; `ended` has the exit codes."""
        server = self.servers[place]
        children = children_of(server.process.pid)
        self.ended.append(server.end(signal.SIGKILL))
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        home = server.log.parent / "home"
        environment = {**SERVING, **environment_of(self.url)}
        self.servers[place] = Server(home, server.port, measured=False, **environment).wait()

    @property
    def output(self) -> str:
        """What both processes wrote so far."""
        return "".join(server.output for server in self.servers)


def order_of(*lines: tuple[str, int]) -> dict[str, Any]:
    """Return the body of an order of these products and quantities."""
    items = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in lines]
    return {"items": items, "shipping_address": ADDRESS}


@contextmanager
def two_servers(folder: Path, url: str, **environment: str) -> Generator[list[Server]]:
    """Give two processes over the database `url`, ended with the block."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                serving(folder / name / "home", measured=False, **{**SERVING, **environment_of(url), **environment})
            )
            for name in ("first", "second")
        ]
        first = list(servers)
        try:
            yield servers
        finally:
            for server in set(servers) - set(first):
                server.end()


@pytest.fixture
def durability() -> Mapping[str, str]:
    """Settings of the database; a test may override them by its parameter."""
    return {}


@pytest.fixture
def database(tmp_path: Path, durability: Mapping[str, str]) -> Iterator[KillableDatabase]:
    """A database on a server of the test's own."""
    with KillableDatabase(tmp_path / "database", durability).running() as database:
        yield database


@pytest.fixture
def connections() -> str:
    """The setting DB_MAX_CONNS of each process; a test may override it by its parameter."""
    return SERVING["DB_MAX_CONNS"]


@pytest.fixture
def shelf(fresh_db: str) -> str:
    """A database with a list to ask for."""
    with psycopg.connect(fresh_db) as conn:
        conn.execute(many("categories", 20))
    return fresh_db


@pytest.fixture
async def shop(pool_api: Api, fresh_db: str, tmp_path: Path, connections: str) -> AsyncIterator[TwoServers]:
    """A shop of two processes on a database of its own."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with two_servers(tmp_path, fresh_db, DB_MAX_CONNS=connections) as servers:
        yield TwoServers(pool_api, servers, fresh_db)
