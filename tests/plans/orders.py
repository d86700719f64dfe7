"""Everything that a list of orders can be asked for, a table that has every pair of it, and what is right, naively."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import LiteralString, NamedTuple
from uuid import UUID

import psycopg
from benchmarks.growth.loading import FREQUENT_BUYER, load_orders
from benchmarks.loading import fill
from psycopg.rows import class_row

from tests.conftest import migrate_up
from tests.plans.covering import covering
from tests.support.server import Databases

ORDERS = 30_000
PRODUCTS = 1_000
USERS = 1_000

PAGE_SIZE = 50
DEEP_PAGE = 300

DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "reader": ("admin", "buyer", "frequent buyer"),
    "status": ("none", "delivered", "returned", "cancelled", "pending"),
    "time": ("none", "from", "to", "month", "old month", "future"),
    "user": ("none", "buyer", "frequent buyer", "unknown"),
    "number": ("none", "of the buyer", "of the frequent buyer", "unknown"),
    "page": ("first", "cursor", "deep"),
    "count": ("default", "none", "exact"),
}

# A number leaves one order at most, so other filters beside it leave next to nothing.
WITHOUT_NUMBER = {**DIMENSIONS, "number": ("none",)}

UNKNOWN = UUID("0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11")

ROWS: LiteralString = """
SELECT orders.id, number, user_id, email, status, orders.created_at
  FROM orders
  JOIN users ON users.id = user_id
 ORDER BY orders.created_at DESC, orders.id DESC
"""


class Row(NamedTuple):
    """An order: what a list depends on."""

    id: UUID
    number: str
    user_id: UUID
    email: str
    status: str
    created_at: datetime


class OrderModel:
    """All orders, newest first, and what the values mean among them."""

    def __init__(self, rows: list[Row]) -> None:
        buyer = next(row for row in rows[len(rows) // 2 :] if row.email != FREQUENT_BUYER)
        frequent = next(row for row in rows[len(rows) // 2 :] if row.email == FREQUENT_BUYER)
        self.rows = rows
        self.of_kind = {"buyer": buyer, "frequent buyer": frequent}
        self.numbers = {"of the buyer": buyer.number, "of the frequent buyer": frequent.number, "unknown": "010101-XX"}
        newest, oldest = rows[0].created_at, rows[-1].created_at
        self.spans: dict[str, tuple[datetime | None, datetime | None]] = {
            "from": (newest - timedelta(days=200), None),
            "to": (None, newest - timedelta(days=200)),
            "month": (newest - timedelta(days=30), newest),
            "old month": (oldest, oldest + timedelta(days=30)),
            "future": (newest + timedelta(days=1), None),
        }

    @classmethod
    def of(cls, url: str) -> "OrderModel":
        """Return the model of the orders in the database at `url`."""
        with psycopg.connect(url) as conn:
            return cls(conn.cursor(row_factory=class_row(Row)).execute(ROWS).fetchall())


@dataclass(frozen=True)
class OrderCombination:
    """A row of the table: of each dimension the name of a value."""

    reader: str
    status: str
    time: str
    user: str
    number: str
    page: str
    count: str

    @property
    def name(self) -> str:
        """What it is called in reports."""
        given = [f"{name}={value}" for name, value in vars(self).items() if value != DIMENSIONS[name][0]]
        return " ".join(given) or "all orders"

    def parameters(self, model: OrderModel) -> dict[str, str]:
        """Return the parameters of the request for the first page, or for the deep one by its number."""
        start, end = model.spans.get(self.time, (None, None))
        users = {kind: str(row.user_id) for kind, row in model.of_kind.items()} | {"unknown": str(UNKNOWN)}
        given = {
            "status": None if self.status == "none" else self.status,
            "from": start and start.isoformat(),
            "to": end and end.isoformat(),
            "user_id": users.get(self.user),
            "number": model.numbers.get(self.number),
            "count": None if self.count == "default" else self.count,
            "page": str(DEEP_PAGE) if self.page == "deep" else None,
        }
        return {"page_size": str(PAGE_SIZE)} | {name: value for name, value in given.items() if value}

    def hits(self, model: OrderModel) -> list[Row]:
        """Return the orders that the list must have."""
        start, end = model.spans.get(self.time, (None, None))
        users = {kind: row.user_id for kind, row in model.of_kind.items()} | {"unknown": UNKNOWN}
        return [
            row
            for row in model.rows
            if (self.reader == "admin" or row.user_id == users[self.reader])
            and (self.status in {"none", row.status})
            and (start is None or row.created_at >= start)
            and (end is None or row.created_at < end)
            and (self.user == "none" or row.user_id == users[self.user])
            and (self.number == "none" or row.number == model.numbers[self.number])
        ]


@cache
def all_pairs() -> tuple[OrderCombination, ...]:
    """Return combinations in which every two values stand together, those without a number among themselves, too."""
    rows = (*covering(DIMENSIONS), *covering(WITHOUT_NUMBER))
    return tuple(dict.fromkeys(OrderCombination(**row) for row in rows))


def template(databases: Databases) -> str:
    """Return the name of a migrated database with orders to copy from, built once in a run."""

    def built(url: str) -> None:
        migrate_up(url)
        fill(url, PRODUCTS, USERS)
        load_orders(url, ORDERS)

    return databases.template("shop_of_orders", built)
