"""The generated catalogue in a database, and the same as the naive model knows it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from benchmarks.databases import fill

from benchmarks import catalogue
from tests.conftest import migrate_up
from tests.support.naive import Product

USERS = 100


def build(url: str, products: int) -> None:
    """Fill the empty database."""
    migrate_up(url)
    fill(url, products, USERS)


def products(rows: int) -> Iterator[Product]:
    """Yield what `build` stores."""
    for row in catalogue.products(rows):
        yield Product(
            id=UUID(row.id),
            name=row.name,
            description=row.description,
            price=Decimal(row.price),
            stock=row.stock,
            category_id=UUID(row.category_id),
            created_at=datetime.fromisoformat(row.created_at),
            deleted_at=datetime.fromisoformat(row.deleted_at) if row.deleted_at else None,
            sku=row.sku,
        )
