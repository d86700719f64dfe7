"""The clients of the shop in which the lines are replayed: an admin, and a buyer for each customer."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any
from uuid import UUID, uuid5

import psycopg

from benchmarks.replay.lines import Order
from benchmarks.tokens import ADMIN, add_admin, authorization, token

ADDRESS = {"recipient": "A customer", "line1": "1 High Street", "city": "London", "country": "GB"}
GUEST = "guest"
"""The buyer of lines without a customer."""

ADD_USER = """
INSERT INTO users (id, email, password_hash, name)
VALUES (%s, %s, 'fits no password', 'A customer')
"""


class Refused(Exception):
    """A request was answered otherwise than expected."""


class Client:
    """A connection to the API."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._http = HTTPConnection("127.0.0.1", port, timeout=60)
        self._admin = authorization()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def add_category(self, name: str) -> str:
        """Return the id of a new category."""
        return self.send("POST", "/categories", self._admin, {"name": name}, 201)["id"]

    def add_product(self, category: str, sku: str, price: Decimal, stock: int) -> str:
        """Return the id of a new product."""
        body = {"name": f"SKU {sku}", "sku": sku, "price": float(price), "stock": stock, "category_id": category}
        return self.send("POST", "/products", self._admin, body, 201)["id"]

    def set_price(self, product_id: str, price: Decimal) -> None:
        """Change the price of a product."""
        self.send("PUT", f"/products/{product_id}", self._admin, {"price": float(price)}, 200)

    def adjust(self, product_id: str, delta: int, reason: str) -> None:
        """Change the stock of a product."""
        body = {"delta": delta, "reason": reason}
        self.send("POST", f"/products/{product_id}/stock", self._admin, body, 200)

    def move(self, order_id: str, action: str) -> None:
        """Take an order through a transition."""
        self.send("POST", f"/orders/{order_id}/{action}", self._admin, {}, 200)

    def place(self, order: Order, product_ids: list[str], key: str) -> dict[str, Any]:
        """Place an order under an Idempotency-Key; the total must be what the lines sum to."""
        lines = zip(order.sales, product_ids, strict=True)
        body = {
            "items": [{"product_id": product_id, "quantity": sale.quantity} for sale, product_id in lines],
            "shipping_address": ADDRESS,
            "note": order.invoice,
            "expected_total": float(sum(sale.price * sale.quantity for sale in order.sales)),
        }
        headers = buyer(order.customer) | {"Idempotency-Key": key}
        return self.send("POST", "/orders", headers, body, 201)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: object, expected: int) -> dict[str, Any]:
        """Send a request, and return the data of its answer. Raises `Refused`."""
        self._http.request(method, f"/api/v1{path}", json.dumps(body), {**headers, "Content-Type": "application/json"})
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status != expected:
            raise Refused(f"{method} {path}: {answer.status} {content[:500].decode(errors='replace')}")
        return json.loads(content)["data"]


def add_accounts(url: str, customers: Iterable[str]) -> None:
    """Make the accounts of the admin and of the customers."""
    add_admin(url)
    with psycopg.connect(url) as conn, conn.cursor() as cursor:
        cursor.executemany(ADD_USER, [(identity(name), email(name)) for name in sorted({*customers})])


def buyer(customer: str) -> dict[str, str]:
    """Return the header that makes a request the customer's."""
    return {"Authorization": f"Bearer {token(identity(customer), email(customer), 'user')}"}


def identity(customer: str) -> UUID:
    """Return the id of a customer's account."""
    return uuid5(ADMIN, customer or GUEST)


def email(customer: str) -> str:
    """Return the address of a customer's account."""
    return f"{customer or GUEST}@customers.example"
