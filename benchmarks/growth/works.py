"""What is timed: placing orders, and every kind of list of orders."""

import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from benchmarks.growth.loading import FREQUENT_BUYER
from benchmarks.tokens import authorization, token

LINES = 3
ADDRESS = {"recipient": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "country": "GB"}

PLACES: LiteralString = """
SELECT frequent.id AS frequent, buyer.id AS buyer, buyer.email, placed.number, newest,
       ARRAY(SELECT id FROM products WHERE deleted_at IS NULL ORDER BY id LIMIT 5000) AS products
  FROM users AS frequent
 CROSS JOIN (SELECT users.id, email FROM users JOIN orders ON user_id = users.id
              WHERE email <> %(frequent)s ORDER BY orders.created_at DESC LIMIT 1) AS buyer
 CROSS JOIN (SELECT number FROM orders ORDER BY created_at OFFSET 100 LIMIT 1) AS placed
 CROSS JOIN (SELECT max(created_at) AS newest FROM orders) AS times
 WHERE frequent.email = %(frequent)s
"""


class Places(NamedTuple):
    """What the requests name, in one shop: a buyer of some orders, one of very many, an order, products."""

    frequent: UUID
    buyer: UUID
    email: str
    number: str
    newest: datetime
    products: list[UUID]


class Call(NamedTuple):
    """A request, and the status that it must be answered with."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    expected: int = 200


Make = Callable[[Places], Call]


def places(url: str) -> Places:
    """Return what is in the shop at `url`."""
    with psycopg.connect(url) as conn:
        return conn.cursor(row_factory=class_row(Places)).execute(PLACES, {"frequent": FREQUENT_BUYER}).fetchall()[0]


def works() -> dict[str, Make]:
    """Return what makes a request of each kind. A month has a 24th of the orders.

    Pages have as many orders in a small shop as in a large one: other answers would take longer by themselves.
    """
    return {
        "place an order of three lines": _place,
        "one's own": _list("", as_buyer=True),
        "one's own, a state": _list("status=delivered", as_buyer=True),
        "one's own, a month": _list("from={from}&to={to}", as_buyer=True),
        "all": _list(""),
        "all, not counted": _list("count=none"),
        "all, page 100": _list("page=100"),
        "all, page 500": _list("page=500"),
        "a frequent state": _list("status=delivered"),
        "a rare state": _list("status=returned"),
        "a state of new orders": _list("status=pending"),
        "a month": _list("from={from}&to={to}"),
        "a month, a frequent state": _list("status=delivered&from={from}&to={to}"),
        "a month, a rare state": _list("status=returned&from={from}&to={to}"),
        "a month, a state it does not have": _list("status=pending&from={from}&to={to}"),
        "a number": _list("number={number}"),
        "a number, a state": _list("number={number}&status=delivered"),
        "a buyer": _list("user_id={buyer}"),
        "a buyer, a state": _list("user_id={buyer}&status=delivered"),
        "a frequent buyer": _list("user_id={frequent}"),
        "a frequent buyer, a state": _list("user_id={frequent}&status=delivered"),
        "a frequent buyer, a state of few": _list("user_id={frequent}&status=pending&page_size=1"),
        "a frequent buyer, a state of none": _list("user_id={frequent}&status=cancelled"),
        "a frequent buyer, a time, a state": _list("user_id={frequent}&status=delivered&to={to}"),
    }


def _list(query: str, *, as_buyer: bool = False) -> Make:
    def make(shop: Places) -> Call:
        to = shop.newest - timedelta(days=60)
        times = {"from": f"{to - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}", "to": f"{to:%Y-%m-%dT%H:%M:%SZ}"}
        path = f"/api/v1/orders?{query.format(**shop._asdict(), **times)}"
        return Call("GET", path, _buyer(shop) if as_buyer else authorization())

    return make


def _place(shop: Places) -> Call:
    chosen = random.sample(shop.products, LINES)
    items = [{"product_id": str(product_id), "quantity": 1} for product_id in chosen]
    order: dict[str, Any] = {"items": items, "shipping_address": ADDRESS}
    headers = {**_buyer(shop), "Content-Type": "application/json"}
    return Call("POST", "/api/v1/orders", headers, json.dumps(order).encode(), 201)


def _buyer(shop: Places) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(shop.buyer, shop.email, 'user')}"}
