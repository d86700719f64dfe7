"""What to do about a file whose columns are not ours: the exact command that imports it."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from angidi.categories.csv_rows import COLUMNS, PATH_COLUMNS
from angidi.cli.context import print_line
from angidi.csvfiles import FileRefused
from angidi.products.imports.reading.columns import ColumnsRefused, column_key
from angidi.products.imports.reading.mapping import Field, Mapping, own_columns
from angidi.products.imports.reading.product_file import SystemRecognized
from angidi.products.imports.reading.proposals import proposed_columns, proposed_system


def propose(error: FileRefused, ctx: click.Context, mapping: Mapping | None) -> None:
    """Print what to run instead, where that can be told, below the error when that is printed."""
    lines = _proposal(error, ctx, mapping)
    ctx.find_root().call_on_close(lambda: [print_line(line) for line in lines])


def column_proposal(header: Sequence[str], ctx: click.Context, mapping: Mapping) -> list[str]:
    """Return lines that propose columns for the fields that have none, with the command to run."""
    columns = proposed_columns(header, mapping)
    if not columns:
        return []
    meant = ", ".join(f"{field} is “{column}”" for field, column in columns.items())
    return [f"Perhaps {meant}. If so, run:", f"  {command(ctx, maps=columns)}"]


def is_category_header(header: Sequence[str]) -> bool:
    """Return whether a header is that of a file of categories: by paths, by ids, or a text that begins with `#`."""
    keys = {column_key(name) for name in header if name.strip()}
    return bool(keys) and (
        keys.issuperset(PATH_COLUMNS.required)
        or keys.issuperset(COLUMNS.required)
        or header[0].lstrip().startswith("#")
    )


def _proposal(error: FileRefused, ctx: click.Context, mapping: Mapping | None) -> list[str]:
    if isinstance(error, SystemRecognized):
        return ["Run:", f"  {command(ctx, '--from', error.system)}"]
    if not isinstance(error, ColumnsRefused):
        return []
    if mapping and mapping.title:
        return [f"Is this an export of {mapping.title}? If its columns have other names, give them with --map."]
    if system := proposed_system(error.header):
        return ["These are the columns of another system. Run:", f"  {command(ctx, '--from', system)}"]
    if is_category_header(error.header):
        return ["This looks like a file of categories. Run:", f"  {_program('categories', str(ctx.params['path']))}"]
    return _map_proposal(error.header, ctx, mapping or own_columns())


def _map_proposal(header: Sequence[str], ctx: click.Context, mapping: Mapping) -> list[str]:
    """Return lines with a command that maps columns; the user has to fill in those that no name tells."""
    columns = proposed_columns(header, mapping)
    keys = {column_key(name) for name in header}
    if "sku" in columns or not keys.isdisjoint(map(column_key, mapping.columns["sku"])):
        return column_proposal(header, ctx, mapping) or [
            "Say which column is which field, such as:",
            f"  {command(ctx, maps={'name': 'COLUMN', 'price': 'COLUMN'})}",
        ]
    return [
        "No column looks like one of SKUs. Put its name in place of COLUMN:",
        f"  {command(ctx, maps={'sku': 'COLUMN', **columns})}",
    ]


def command(ctx: click.Context, *more: str, maps: dict[Field, str] | None = None) -> str:
    """Return the command that was run, with more options, quoted for a shell.

    The columns in `maps` replace those that --map gave for the same fields.
    """
    given = _given(ctx, frozenset(maps or ()))
    flags = [part for field, column in (maps or {}).items() for part in ("--map", f"{field}={column}")]
    return _program("products", *given, *more, *flags)


def _program(*words: str) -> str:
    program = Path(sys.argv[0])
    name = "angidi"
    if program.name == "angidi" and shutil.which("angidi") != str(program):
        name = str(program)
    return shlex.join([name, "import", *words])


def _given(ctx: click.Context, mapped: frozenset[Field]) -> list[str]:
    """Return the arguments and options that the user gave, arguments first, without --map of the `mapped` fields."""
    words: list[str] = []
    for parameter in sorted(ctx.command.params, key=lambda each: isinstance(each, click.Option)):
        value = ctx.params.get(parameter.name or "")
        if ctx.get_parameter_source(parameter.name or "") is not ParameterSource.COMMANDLINE:
            continue
        if not isinstance(parameter, click.Option):
            words.append(str(value))
        elif value is None or parameter.is_flag:
            words += [parameter.opts[0]] * (value is not None and parameter.flag_value == value)
        else:
            values = value if parameter.multiple else [value]
            if parameter.name == "columns":
                values = [each for each in values if each.partition("=")[0].strip() not in mapped]
            words += [word for each in values for word in (parameter.opts[0], str(each))]
    return words
