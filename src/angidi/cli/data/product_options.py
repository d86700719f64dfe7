"""The options of `angidi import products` that say how its file is read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from angidi.products.imports.reading.mapping import (
    Mapping,
    column_choices,
    known_mapping,
    mapping_names,
    own_columns,
    read_mapping,
)
from angidi.products.imports.reading.product_file import ReadingOptions

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--from", "system", metavar="SYSTEM", help="Read an export of woocommerce, shopify or magento."),
    click.option(
        "--map",
        "columns",
        metavar='FIELD="COLUMN"',
        multiple=True,
        help="The column of a field, such as price='Variant Price'; may be repeated; overrides --from and --mapping.",
    ),
    click.option(
        "--mapping",
        "mapping_file",
        metavar="FILE.toml",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Read by your own mapping; “angidi import mappings woocommerce” shows an example.",
    ),
    click.option(
        "--decimal-comma", "decimal", flag_value="comma", help="Prices are written 1.249,00 and not as recognized."
    ),
    click.option(
        "--decimal-point", "decimal", flag_value="point", help="Prices are written 1,249.00 and not as recognized."
    ),
    click.option(
        "--category-separator", metavar="TEXT", help="What separates the names of a category's path; “>” if not given."
    ),
    click.option("--include-unpublished", is_flag=True, help="Import products, too, that their shop does not show."),
)


def reading_options(command: F) -> F:
    """Add the options to a command, whose parameters of these names are for `read_options`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_options(  # noqa: PLR0913 - one parameter for each option
    *,
    system: str | None,
    columns: Sequence[str],
    mapping_file: Path | None,
    decimal: str | None,
    category_separator: str | None,
    include_unpublished: bool,
) -> ReadingOptions:
    """Return what the options say. Raises `click.UsageError` and `MappingRefused`."""
    if system and mapping_file:
        raise click.UsageError(
            "--from and --mapping exclude each other: give one of them, and --map for single columns."
        )
    choices = column_choices(dict(map(_choice, columns)))
    mapping = _mapping(system, mapping_file)
    if choices:
        mapping = (mapping or own_columns()).with_columns(choices)
    return ReadingOptions(
        mapping=mapping,
        chosen=tuple(choices),
        decimal="comma" if decimal == "comma" else "point" if decimal else None,
        category_separator=category_separator or None,
        include_unpublished=include_unpublished,
    )


def _mapping(system: str | None, mapping_file: Path | None) -> Mapping | None:
    if mapping_file:
        return read_mapping(mapping_file)
    if system is None:
        return None
    if system not in mapping_names():
        raise click.BadParameter(
            f"“{system}” is not known; there are {', '.join(mapping_names())}.", param_hint="--from"
        )
    return known_mapping(system)


def _choice(text: str) -> tuple[str, str]:
    field, is_given, column = text.partition("=")
    if not (is_given and field.strip() and column.strip()):
        raise click.BadParameter(f"“{text}” is not of the form field=Column.", param_hint="--map")
    return field.strip(), column.strip()
