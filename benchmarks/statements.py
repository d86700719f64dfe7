"""Writing statements of one kind, by the repository functions of the `angidi` that this interpreter has.

    echo '{"url": "postgresql:///shop", "kind": "an insert", "ids": [], "rows": 9}' | python -m benchmarks.statements

Reads an `Order` as JSON from standard input and writes the seconds of processor time that the backend took. It is a
program of its own, so that another commit's interpreter can run it: with that commit's statements and session settings.
"""

import asyncio
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from angidi.db import Database, Pool, PoolSettings
from angidi.db.rows import fetch_value
from angidi.products import repository
from angidi.products.models import NewProduct
from benchmarks import catalogue, processes

STATEMENTS = 2_000
"""Of a kind: so many that what GIN indexes put off comes due several times."""

STOCK, INSERT, PRICE, NAME, DELETE = KINDS = (
    "a change of stock",
    "an insert",
    "a change of price",
    "a change of name",
    "a soft delete",
)

Call = Callable[[Database, int], Awaitable[object]]


class Order(Struct, frozen=True, kw_only=True):
    """The kind of statement, the products that it is about, and how many there are in the database."""

    url: str
    kind: str
    ids: list[UUID]
    rows: int


def calls(ids: Sequence[UUID], texts: Sequence[catalogue.Product]) -> dict[str, Call]:
    """Return the kinds of statement; each call takes another product, and a new one has the texts of one in `texts`."""
    cause = _cause()

    def change(column: str, value: Callable[[int], object]) -> Call:
        return lambda db, number: db.write(repository.update, ids[number % len(ids)], {column: value(number)}, *cause)

    def insert(db: Database, number: int) -> Awaitable[object]:
        row = texts[number]
        new = NewProduct(
            name=row.name,
            price=Decimal(row.price),
            category_id=UUID(row.category_id),
            stock=row.stock,
            description=row.description,
            image_url="https://img.shop.example/radio.jpg",
            sku=f"NEW-{number:09}",
        )
        return db.write(repository.insert, new, *cause)

    return {
        STOCK: change("stock", lambda number: 1_000 + number),
        PRICE: change("price", lambda number: Decimal(number + 1_000_000) / 100),
        NAME: change("name", lambda number: texts[number].name),
        INSERT: insert,
        DELETE: lambda db, number: db.write(repository.delete, ids[number % len(ids)]),
    }


def _cause() -> list[Any]:
    """Return the last argument of writes, the change of an account; nothing where the commit measured has no causes."""
    if not importlib.util.find_spec("angidi.changes"):
        return []
    changes = importlib.import_module("angidi.changes")
    return [changes.Cause.by(changes.Principal(uuid4(), "admin", str(uuid4())))]


async def run(order: Order) -> float:
    """Run the statements through a pool of one connection; return the seconds that its backend took for them."""
    call = calls(order.ids, list(islice(catalogue.products(order.rows), STATEMENTS)))[order.kind]
    database = Database(Pool(order.url, PoolSettings(min_conns=1, max_conns=1)))
    await database.open()
    backend = await database.read(fetch_value, "SELECT pg_backend_pid()", {})
    before = processes.cpu([backend])
    for number in range(STATEMENTS):
        await call(database, number)
    used = processes.used(before, processes.cpu([backend]))
    await database.close()
    await asyncio.to_thread(_wait_for_end, backend)
    return used


def _wait_for_end(backend: int) -> None:
    """Return when the backend has ended: by then it has told its statistics."""
    while processes.stat(backend):
        time.sleep(0.01)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.write(f"{asyncio.run(run(order))}\n")


if __name__ == "__main__":
    main()
