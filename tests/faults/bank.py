"""Clients of a shop that move stock in every way there is, and remember what was acknowledged."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from tests.faults.conftest import Headers, TwoServers, order_of
from tests.support.shop import ADDRESS
from tests.support.wire import Answer

ATTEMPTS = 150
WAIT = 0.1
"""Seconds between two attempts."""

AGAIN = {(503, "DATABASE_UNAVAILABLE"), (409, "IDEMPOTENCY_IN_PROGRESS")}
"""The refusals after which a request is sent again."""


class Bank:
    """Clients that order, cancel, return, reserve, adjust, import and recount.

    `done` counts what was acknowledged, `refused` what was not, by status and code; `orders` has the number of each
    acknowledged order by its id. `products` are the ids of what is sold, by SKU.
    """

    def __init__(self, shop: TwoServers, buyers: list[Headers], admin: Headers, products: dict[str, str]) -> None:
        self.done = Counter[str]()
        self.orders: dict[str, str] = {}
        self.refused = Counter[tuple[int, str]]()
        self.is_over = False
        self._shop = shop
        self._buyers = buyers
        self._admin = admin
        self._skus = list(products)
        self._products = list(products.values())
        self._random = random.Random(7)
        self._actions: list[Callable[[], Awaitable[Any]]] = [
            *[self._order] * 4,
            self._cancel,
            self._return,
            self._reserve,
            self._adjust,
            self._recount,
            self._import,
        ]

    async def client(self) -> None:
        """Act until the bank closes."""
        while not self.is_over:
            await self._random.choice(self._actions)()

    async def _send(self, kind: str, headers: Headers, method: str, path: str, body: object = None) -> Answer | None:
        """Send a request under a key of its own, and again under that while no server answers."""
        keyed = {**headers, "Idempotency-Key": str(uuid4())}
        for _ in range(ATTEMPTS):
            with suppress(OSError, EOFError):
                answer = await self._shop.ask(method, path, body, headers=keyed)
                if answer.status < 300:
                    self.done[kind] += 1
                    return answer
                self.refused[answer.status, answer.code] += 1
                assert answer.status != 503 or "retry-after" in answer.headers, answer
                if (answer.status, answer.code) not in AGAIN:
                    return None
            await asyncio.sleep(WAIT)
        raise AssertionError(f"{method} {path} was not answered {ATTEMPTS} times")

    async def _place(self, buyer: Headers, body: dict[str, Any]) -> str | None:
        answer = await self._send("order", buyer, "POST", "/orders", body)
        if answer is None:
            return None
        self.orders[answer.data["id"]] = answer.data["number"]
        return answer.data["id"]

    async def _order(self) -> str | None:
        lines = [(each, self._random.randint(1, 3)) for each in self._random.sample(self._products, 2)]
        return await self._place(self._random.choice(self._buyers), order_of(*lines))

    async def _move(self, kind: str, *actions: str) -> None:
        if order_id := await self._order():
            for action in actions:
                counted = kind if action == actions[-1] else action
                await self._send(counted, self._admin, "POST", f"/orders/{order_id}/{action}", {})

    async def _cancel(self) -> None:
        await self._move("cancelled", "cancel")

    async def _return(self) -> None:
        await self._move("returned", "confirm", "ship", "return")

    async def _reserve(self) -> None:
        """Reserve a piece, and give it back or order it."""
        buyer = self._random.choice(self._buyers)
        items = [{"product_id": self._random.choice(self._products), "quantity": 1}]
        answer = await self._send("reserved", buyer, "POST", "/reservations", {"items": items, "ttl": 60})
        if answer and self._random.random() < 0.5:
            await self._place(buyer, {"reservation_id": answer.data["id"], "shipping_address": ADDRESS})
        elif answer:
            await self._send("released", buyer, "DELETE", f"/reservations/{answer.data['id']}")

    async def _adjust(self) -> None:
        path = f"/products/{self._random.choice(self._products)}/stock"
        body = {"delta": self._random.choice([-2, 5]), "reason": "Counted"}
        await self._send("adjusted", self._admin, "POST", path, body)

    async def _recount(self) -> None:
        path = f"/products/{self._random.choice(self._products)}"
        await self._send("recounted", self._admin, "PUT", path, {"stock": self._random.randint(50, 200)})

    async def _import(self) -> None:
        """Import a file with the stocks of three products, which sets or adds them."""
        mode, least, most = self._random.choice([("set", 50, 200), ("add", 0, 9)])
        lines = [f"{sku},{self._random.randint(least, most)}\n" for sku in self._random.sample(self._skus, 3)]
        file = ("sku,stock\n" + "".join(lines)).encode()
        path = f"/products/import?only_existing=true&stock={mode}"
        await self._send(f"imported to {mode}", {**self._admin, "Content-Type": "text/csv"}, "POST", path, file)
