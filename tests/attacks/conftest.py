"""A server that is attacked over its socket, with a row of everything in its shop."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import httpx
import pytest
from tests.support.api import BASE
from tests.support.server import Databases
from tests.support.serving import Server, serving
from tests.support.shop import ADDRESS

ADMIN = ("admin@shop.example", "a long phrase of the admin")
USER = ("user@shop.example", "a long phrase of the user")


class Target:
    """The server under attack, which serves `database`."""

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database

    def post(self, path: str, body: dict[str, Any], token: str = "") -> Any:
        """Return the data of what is created."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.server.url}{BASE}{path}", headers=headers, json=body)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def log_in(self, email: str, password: str) -> str:
        """Return a new access token."""
        return self.post("/users/login", {"email": email, "password": password})["access_token"]

    def register(self, email: str, password: str = USER[1]) -> str:
        """Register a user; return the access token."""
        self.post("/users/register", {"email": email, "password": password, "name": "Ada"})
        return self.log_in(email, password)

    @cached_property
    def admin(self) -> str:
        """The access token of the admin."""
        return self.log_in(*ADMIN)

    @cached_property
    def user(self) -> str:
        """The access token of the user."""
        return self.register(*USER)

    @cached_property
    def ids(self) -> dict[str, str]:
        """The id of a row for each name in a path; all are the user's that can be."""
        category = self.post("/categories", {"name": "Attacked"}, self.admin)["id"]
        pot = {"name": "Teapot", "price": 20, "stock": 1_000_000, "category_id": category}
        product = self.post("/products", pot, self.admin)["id"]
        items = {"items": [{"product_id": product, "quantity": 1}]}
        return {
            "category_id": category,
            "product_id": product,
            "user_id": self.post("/users/register", {"email": "a@b.example", "password": USER[1], "name": "Ada"})["id"],
            "address_id": self.post("/users/me/addresses", ADDRESS, self.user)["id"],
            "order_id": self.post("/orders", items | {"shipping_address": ADDRESS}, self.user)["id"],
            "reservation_id": self.post("/reservations", items, self.user)["id"],
        }


@pytest.fixture(scope="session")
def target(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    settings = {
        "ADMIN_EMAIL": ADMIN[0],
        "ADMIN_PASSWORD": ADMIN[1],
        "JWT_ACCESS_TOKEN_DURATION": "12h",
    }
    with databases.database(template) as url:
        home = tmp_path_factory.mktemp("attacked") / "home"
        with serving(home, measured=False, DATABASE_URL=url, **settings) as server:
            attacked = Target(server, url)
            assert attacked.ids  # before anybody compares what the tables hold
            yield attacked
