"""A shop in which orders are placed."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from tests.support.api import Api, api_on_one_connection
from tests.support.shop import ADDRESS, make, rows

from angidi.config import Settings


class Shop:
    """A shop with one category, an admin and a buyer; `api` is its API."""

    def __init__(self, api: Api, category: Any, admin: dict[str, str], buyer: dict[str, str]) -> None:
        self.api = api
        self.category = category
        self.admin = admin
        self.buyer = buyer

    async def product(self, stock: int = 10, price: str = "7.50", **columns: Any) -> str:
        """Make a product; return its id."""
        row = {"name": "Espresso cup", "stock": stock, "price": price, "category_id": self.category, **columns}
        (product_id,) = await make(self.api.database, rows("products", row))
        return str(product_id)

    async def products(self, *stocks: int) -> list[str]:
        """Make a product of each stock; return their ids."""
        return [await self.product(stock, name=f"Product {place}") for place, stock in enumerate(stocks)]

    async def place(
        self, *lines: tuple[str, int], headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """Send an order of these products and quantities."""
        items = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in lines]
        order = {"items": items, "shipping_address": ADDRESS, **body}
        return await self.api.post("/orders", headers=headers or self.buyer, json=order)

    async def placed(
        self, *lines: tuple[str, int], headers: dict[str, str] | None = None, **body: Any
    ) -> dict[str, Any]:
        """Place an order of these products and quantities, by default of one product."""
        lines = lines or ((await self.product(), 1),)
        answer = await self.place(*lines, headers=headers, **body)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def move(self, order: dict[str, Any], *actions: str, **body: Any) -> dict[str, Any]:
        """Take an order through these transitions as an admin; return it as it is then."""
        for action in actions:
            answer = await self.api.post(f"/orders/{order['id']}/{action}", headers=self.admin, json=body)
            assert answer.status_code == 200, answer.text
            order = answer.json()["data"]
        return order

    async def stock_of(self, *product_ids: str) -> list[int]:
        return [(await self.api.get(f"/products/{product_id}")).json()["data"]["stock"] for product_id in product_ids]

    async def entries(self, product_id: str) -> list[dict[str, Any]]:
        """Return the entries of the ledger, newest first."""
        answer = await self.api.get(f"/products/{product_id}/stock", headers=self.admin, params={"page_size": 100})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["entries"]


async def make_shop(api: Api) -> Shop:
    """Make a category, an admin and a buyer."""
    (category,) = await make(api.database, rows("categories", {"name": "Cups"}))
    admin, buyer = api.as_(await api.make_admin()), api.as_(await api.make_user())
    return Shop(api, category, admin, buyer)


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api)


@pytest.fixture
async def busy_shop(pool_api: Api) -> Shop:
    """A shop on a database of its own with real commits, for races."""
    return await make_shop(pool_api)


@pytest.fixture
async def lone_shop(settings: Settings, fresh_db: str) -> AsyncGenerator[Shop]:
    """A shop on one connection to a database of its own."""
    async with api_on_one_connection(settings, fresh_db) as api:
        yield await make_shop(api)
