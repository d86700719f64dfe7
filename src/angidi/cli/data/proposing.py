"""What to do about a file whose columns are not ours: the exact command that imports it."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from angidi.cli.context import escape_unprintable
from angidi.csvfiles import FileRefused
from angidi.products.imports.reading.columns import ColumnsRefused
from angidi.products.imports.reading.mapping import Mapping, own_columns
from angidi.products.imports.reading.product_file import SystemRecognised
from angidi.products.imports.reading.proposals import proposed_columns, proposed_system


def propose(error: FileRefused, ctx: click.Context, mapping: Mapping | None) -> None:
    """Print what to run instead, where that can be told, below the error when that is printed."""
    lines = _proposal(error, ctx, mapping)
    ctx.find_root().call_on_close(lambda: [click.echo(escape_unprintable(line), err=True) for line in lines])


def column_proposal(header: Sequence[str], ctx: click.Context, mapping: Mapping) -> list[str]:
    """Return lines that propose columns for the fields that have none, with the command to run."""
    columns = proposed_columns(header, mapping)
    if not columns:
        return []
    meant = ", ".join(f"{field} is “{column}”" for field, column in columns.items())
    flags = [part for field, column in columns.items() for part in ("--map", f"{field}={column}")]
    return [f"Perhaps {meant}. If so, run:", f"  {command(ctx, *flags)}"]


def _proposal(error: FileRefused, ctx: click.Context, mapping: Mapping | None) -> list[str]:
    if isinstance(error, SystemRecognised):
        return ["Run:", f"  {command(ctx, '--from', error.system)}"]
    if not isinstance(error, ColumnsRefused):
        return []
    if mapping and mapping.title:
        return [f"Is this an export of {mapping.title}? If its columns have other names, give them with --map."]
    if system := proposed_system(error.header):
        return ["These are the columns of another system. Run:", f"  {command(ctx, '--from', system)}"]
    return column_proposal(error.header, ctx, mapping or own_columns()) or [
        "Say with --map which column is which field: --map sku=… --map name=… --map price=…"
    ]


def command(ctx: click.Context, *more: str) -> str:
    """Return the command that was run, with more options, quoted for a shell."""
    program = Path(sys.argv[0])
    name = "angidi"
    if program.name == "angidi" and shutil.which("angidi") != str(program):
        name = str(program)
    return shlex.join([name, "import", "products", *_given(ctx), *more])


def _given(ctx: click.Context) -> list[str]:
    """Return the arguments and options that the user gave, arguments first."""
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
            words += [word for each in values for word in (parameter.opts[0], str(each))]
    return words
