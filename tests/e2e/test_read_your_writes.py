"""After a 2xx to a write, the next read of the same client shows it, on whichever worker: also under load.

`make read-your-writes` lets them write and read 10,000 times.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from tests.support.serving import Server, free_port, serving

PAIRS = int(os.environ.get("READ_YOUR_WRITES", "140"))
CLIENTS = 8
OTHERS = 4
ADMIN = {"email": "boss@shop.example", "password": "a long phrase of mine"}
SERVING = {
    "SERVER_WORKERS": "2",
    "LOG_LEVEL": "warning",
    "JWT_ACCESS_TOKEN_DURATION": "2h",
    "ADMIN_EMAIL": ADMIN["email"],
    "ADMIN_PASSWORD": ADMIN["password"],
}
BASE = "/api/v1"


class Wire:
    """Sends requests, each on a connection of its own: the kernel gives it to one of the workers."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and data of the answer."""
        content = b"" if body is None else msgspec.json.encode(body)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = (
            f"{method} {BASE}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split(b" ", 2)[1]), msgspec.json.decode(answer).get("data") if answer else None


class Shoppers:
    """Clients that write and read at once, while others read the same products all the time."""

    def __init__(self, wire: Wire, category: str) -> None:
        self._wire = wire
        self._category = category
        self._looked_at: dict[int, str] = {}
        self._over = False
        self.pairs = 0
        self.stale: list[str] = []

    async def run(self, pairs: int) -> None:
        others = [asyncio.create_task(self._look()) for _ in range(OTHERS)]
        await asyncio.gather(*(self._shop(number, pairs // CLIENTS) for number in range(CLIENTS)))
        self._over = True
        await asyncio.gather(*others)

    async def _shop(self, number: int, pairs: int) -> None:
        """Make, change and delete products, and look after each of these whether it is so."""
        for turn in range(-(-pairs // 7)):
            name = f"Cup {number}-{turn}"
            status, made = await self._wire.ask(
                "POST", "/products", {"name": name, "price": 1, "category_id": self._category}
            )
            assert status == 201
            path = f"/products/{made['id']}"
            self._looked_at[number] = path
            await self._see(path, "made", (200, name))
            await self._find(name, 1)
            for change in ("one", "two", "three"):
                status, _ = await self._wire.ask("PUT", path, {"name": f"{name} {change}"})
                assert status == 200
                await self._see(path, change, (200, f"{name} {change}"))
            status, _ = await self._wire.ask("DELETE", path)
            assert status == 204
            await self._see(path, "deleted", (404, None))
            await self._find(name, 0)

    async def _find(self, name: str, expected: int) -> None:
        """Look whether a list shows it."""
        _, page = await self._wire.ask("GET", f"/products?search={quote(name)}")
        self.pairs += 1
        if page["total_count"] != expected:
            self.stale.append(f"{name}: listed {page['total_count']} times, not {expected}")

    async def _see(self, path: str, what: str, expected: tuple[int, str | None]) -> None:
        status, shown = await self._wire.ask("GET", path)
        self.pairs += 1
        if (status, shown and shown["name"]) != expected:
            self.stale.append(f"{what}: {status} {shown and shown['name']}, not {expected}")

    async def _look(self) -> None:
        """Keep statements on their way for what the clients are about to read."""
        while not self._over:
            await asyncio.gather(*(self._wire.ask("GET", path) for path in list(self._looked_at.values())))
            await asyncio.sleep(0)


def shop(server: Server, pairs: int) -> Shoppers:
    """Log in at the server and let the clients go."""
    token = httpx.post(f"{server.url}{BASE}/users/login", json=ADMIN).json()["data"]["access_token"]
    categories = httpx.get(f"{server.url}{BASE}/categories").json()["data"]["categories"]
    shoppers = Shoppers(Wire(server.port, token), categories[0]["id"])
    asyncio.run(shoppers.run(pairs))
    return shoppers


@pytest.mark.timeout(120 + PAIRS // 10)
@pytest.mark.long
def test_every_client_reads_what_it_wrote_on_any_worker(tmp_path: Path) -> None:
    with serving(tmp_path / "home", measured=False, **SERVING) as server:
        shoppers = shop(server, PAIRS)
    assert shoppers.pairs >= PAIRS
    assert shoppers.stale == []
    sys.stdout.write(f"{shoppers.pairs} of {shoppers.pairs} reads showed the write before them\n")


@pytest.mark.long
def test_a_cache_in_each_worker_would_be_found_out(tmp_path: Path) -> None:
    server = Server(
        tmp_path / "home", free_port(), measured=False, program="tests.support.stale_server", **SERVING
    ).wait()
    shoppers = shop(server, 140)
    server.end()
    assert shoppers.stale
