"""No column of `products` is forgotten: each is read, written, imported and exported, or named here with the reason."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import psycopg
import pytest
from msgspec import Meta, structs
from tests.support.files import Report

from angidi.app import Services, build_services, build_tokens
from angidi.categories.models import NewCategory
from angidi.config import Settings
from angidi.csvfiles import Summary, open_csv
from angidi.db import Database
from angidi.db.copying import Block
from angidi.products.csv_rows import COLUMNS
from angidi.products.models import NewProduct, Product, ProductChanges, ProductQuery
from angidi.products.search.conditions import FILTERS
from angidi.validation.changes import valid
from angidi.validation.fields import build
from angidi.validation.plans import annotations

NOT_WRITTEN = {
    "id": "the service gives it",
    "created_at": "the database sets it",
    "updated_at": "every statement that writes sets it",
    "deleted_at": "deletion and restoration set it",
    "version": "the database counts it",
}
NOT_STORED = {"category": "names the category of a row, whose id is stored"}


@pytest.fixture(scope="module")
def columns(shared_db: str) -> set[str]:
    """The columns of the table."""
    with psycopg.connect(shared_db) as conn:
        rows = conn.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'products'")
        return {str(name) for (name,) in rows}


@pytest.fixture
def services(settings: Settings, db: Database) -> Services:
    return build_services(settings, db, build_tokens(settings))


async def full(services: Services) -> dict[str, Any]:
    """Return a value for each field of a new product: the example that its type has for OpenAPI."""
    hints = get_type_hints(NewProduct, include_extras=True)
    values = {name: _example(hint) for name, hint in hints.items() if name != "category_id"}
    category = await services.categories.create(NewCategory("Cups"))
    return structs.asdict(build(values | {"category_id": str(category.id)}, NewProduct, strict=True))


def _example(hint: object) -> object:
    examples = [note.examples[0] for note in annotations(hint) if isinstance(note, Meta) and note.examples]
    return Decimal(str(examples[0])) if isinstance(examples[0], float) else examples[0]


def written(product: Product) -> dict[str, Any]:
    """Return of a product what a new one is given."""
    return {name: getattr(product, name) for name in NewProduct.__struct_fields__}


async def joined(blocks: AsyncGenerator[Block]) -> bytes:
    async with aclosing(blocks) as parts:
        return b"".join([part.data async for part in parts])


async def load(services: Services, path: Path) -> Summary:
    report = Report()
    with open_csv(path) as file:
        summary = await services.product_imports.import_file(file, on_refused=report)
    assert report.refused == {}
    return summary


def test_every_column_is_read(columns: set[str]) -> None:
    assert set(Product.__struct_fields__) == columns


@pytest.mark.parametrize("struct", [NewProduct, ProductChanges])
def test_every_column_is_written(columns: set[str], struct: type[NewProduct | ProductChanges]) -> None:
    assert set(struct.__struct_fields__) == columns - NOT_WRITTEN.keys()


def test_every_column_is_imported(columns: set[str]) -> None:
    assert {*COLUMNS.required, *COLUMNS.optional} - NOT_STORED.keys() == columns - NOT_WRITTEN.keys()


async def test_every_column_is_exported(columns: set[str], services: Services) -> None:
    header, _, _ = (await joined(services.products.export())).decode().partition("\n")
    assert set(header.split(",")) == columns - NOT_WRITTEN.keys()


async def test_what_is_created_is_shown_and_listed(services: Services) -> None:
    values = await full(services)
    created = await services.products.create(NewProduct(**values))
    assert written(created) == written(await services.products.get(created.id)) == values
    for query in (ProductQuery(), ProductQuery(q=values["name"]), ProductQuery(in_stock=True)):
        assert [written(hit) for hit in (await services.products.page(query)).products] == [values]


async def test_each_field_can_be_changed_alone(services: Services) -> None:
    values = await full(services)
    product = await services.products.create(NewProduct("Mug", Decimal(1), values["category_id"]))
    for name, value in values.items():
        changed = await services.products.change(product.id, valid(ProductChanges(**{name: value})))
        assert getattr(changed, name) == value
    assert written(await services.products.get(product.id)) == values


async def test_an_export_and_an_import_keep_every_field(services: Services, tmp_path: Path) -> None:
    values = await full(services)
    product = await services.products.create(NewProduct(**values))
    path = tmp_path / "products.csv"
    path.write_bytes(await joined(services.products.export()))
    await services.products.delete(product.id)
    assert (await load(services, path)).added == 1
    assert [written(hit) for hit in (await services.products.page(ProductQuery())).products] == [values]


@pytest.mark.parametrize(
    "column", [field.name for field in structs.fields(NewProduct) if not field.required and field.name != "sku"]
)  # a row is matched by its SKU
async def test_an_import_changes_each_field(services: Services, tmp_path: Path, column: str) -> None:
    values = await full(services)
    product = await services.products.create(NewProduct(**values))
    path = tmp_path / "products.csv"
    path.write_bytes(await joined(services.products.export()))
    empty = {field.name: field.default for field in structs.fields(NewProduct)}[column]
    await services.products.change(product.id, valid(ProductChanges(**{column: empty})))
    assert (await load(services, path)).changed == 1
    assert written(await services.products.get(product.id)) == values
    assert (await load(services, path)).unchanged == 1


@pytest.mark.parametrize("column", [name for name in FILTERS if name in NewProduct.__struct_fields__])
async def test_a_filter_by_a_column_lists_what_has_its_value(services: Services, column: str) -> None:
    values = await full(services)
    product = await services.products.create(NewProduct(**values))
    await services.products.create(NewProduct("Mug", Decimal(1), values["category_id"]))
    others: list[dict[str, Any]] = [
        {},
        {"q": values["name"]},
        {"category_id": values["category_id"]},
        {"sort": "price"},
    ]
    for value, expected in ((values[column], [product.id]), ("another", [])):
        for more in others:
            page = await services.products.page(ProductQuery(**{column: value}, **more))
            assert [hit.id for hit in page.products] == expected
