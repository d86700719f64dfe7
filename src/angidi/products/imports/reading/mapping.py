"""Mappings: which columns of another shop's file are which fields of a product, and which rows are products.

The mappings of known systems are TOML files in `mappings/`; users write their own in the same form.
"""

import tomllib
from collections.abc import Mapping as Table
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from angidi.db.columns import columns_of
from angidi.errors import Malformed
from angidi.products.csv_rows import ProductRow

Field = str
"""A field of a row: one of `FIELDS`."""

FIELDS = columns_of(ProductRow)
"""Our own columns."""


class MappingRefused(Malformed):
    """A mapping, or an option that changes one, cannot be used."""

    message = "The mapping cannot be read."


class PassOver(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rows that are no products. All the conditions that are given have to hold.

    `column` has one of `values`, whatever their case, perhaps among others separated by commas; all columns of `blank`
    are blank; all of `filled` are not. `unpublished` products can be included on request.
    """

    reason: str
    column: str = ""
    values: list[str] = []
    blank: list[str] = []
    filled: list[str] = []
    unpublished: bool = False


class Variants(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How rows of one product hang together, and how its variants are named.

    With `product`, rows that follow each other and have the same value there are one product: all take the columns
    `inherited` from the first one. With `parent`, a row that names another one there (by a column of `parent_keys`,
    whose value follows a prefix) takes from it the columns `inherited` that it leaves blank. The cells of `options`,
    unless they are blank or among `no_options`, follow the product's name, unless it has them already.
    """

    product: str = ""
    parent: str = ""
    parent_keys: dict[str, str] = {}
    inherited: list[str] = []
    options: list[str] = []
    no_options: list[str] = []


class CategoryForm(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a category is written: the separator of a path, and the root that is none of the shop's categories.

    With `full_paths` a name alone means the root of this name, and no category elsewhere in the tree.
    """

    separator: str = ">"
    root: str = ""
    full_paths: bool = False


class CellForm(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The fields out of which HTML is taken, and those before which a spreadsheet's apostrophe may stand."""

    without_markup: list[Field] = []
    without_apostrophe: list[Field] = []


class Mapping(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the fields of a product stand in a file: by field its columns, of which the first that is not blank counts.

    `lists` has the separators of cells with several values, of which the first counts. A file with all columns of
    `recognized_by` is taken for one of the system `title`.
    """

    columns: dict[Field, list[str]]
    title: str = ""
    recognized_by: list[str] = []
    lists: dict[Field, str] = {}
    category: CategoryForm = CategoryForm()
    text: CellForm = CellForm()
    variants: Variants = Variants()
    pass_over: list[PassOver] = []

    def with_columns(self, columns: Table[Field, str]) -> "Mapping":
        """Return the mapping with other columns for some fields."""
        return structs.replace(self, columns=self.columns | {field: [column] for field, column in columns.items()})


def own_columns() -> Mapping:
    """Return the mapping of files in the platform's own columns."""
    return Mapping(columns={field: [field] for field in FIELDS})


def mapping_names() -> list[str]:
    """Return the names of the mappings of known systems."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def mapping_text(name: str) -> str:
    """Return the file of a known system's mapping."""
    return (_folder() / f"{name}.toml").read_text(encoding="utf-8")


def known_mapping(name: str) -> Mapping:
    """Return a known system's mapping."""
    return _decoded(mapping_text(name))


def read_mapping(path: Path) -> Mapping:
    """Return the mapping in a user's file. Raises `MappingRefused`."""
    try:
        return _decoded(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MappingRefused(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise MappingRefused(f"{path.name}: {error}; “angidi import mappings woocommerce” shows the form") from None


def column_choices(choices: Table[str, str]) -> dict[Field, str]:
    """Return columns by field as given by the user. Raises `MappingRefused` for what is no field."""
    if unknown := [name for name in choices if name not in FIELDS]:
        raise MappingRefused(f"there is no field “{unknown[0]}”; the fields are {', '.join(FIELDS)}")
    return {field: choices[field] for field in FIELDS if field in choices}


def _folder() -> Traversable:
    return files("angidi.products.imports.reading") / "mappings"


def _decoded(text: str) -> Mapping:
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except RecursionError:
        raise msgspec.ValidationError("the values are nested too deeply") from None
    named = [*mapping.columns, *mapping.lists, *mapping.text.without_markup, *mapping.text.without_apostrophe]
    if unknown := [name for name in named if name not in FIELDS]:
        raise msgspec.ValidationError(f"there is no field “{unknown[0]}”; the fields are {', '.join(FIELDS)}")
    if not mapping.category.separator:
        raise msgspec.ValidationError("[category] has a separator without a character")
    if not any(mapping.columns.get("sku", ())):
        raise msgspec.ValidationError("[columns] names no column for sku, by which products are matched")
    return mapping
