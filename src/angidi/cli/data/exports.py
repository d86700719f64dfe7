"""`angidi export …`: categories and products to CSV files."""

import gzip
import os
import sys
from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import click
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from angidi.app import Services
from angidi.cli.context import with_services
from angidi.csvfiles.guards import change_cells, guard_formula
from angidi.db.copying import Block
from angidi.products.csv_rows import STORED

STDOUT = Path("-")

Work = Callable[[Services], AsyncGenerator[Block]]

_file = click.argument(
    "path", metavar="[FILE.csv]", default=STDOUT, type=click.Path(dir_okay=False, allow_dash=True, path_type=Path)
)

_excel = click.option(
    "--excel",
    is_flag=True,
    help="For spreadsheets: a byte order mark, and an apostrophe before texts that would be formulas.",
)

_PRODUCTS = f"""Export the products that are not deleted.

The columns are {", ".join(STORED)}. Cells are exported as stored, including texts that a spreadsheet takes for
formulas, unless --excel is given. Products without a SKU are exported, but the import refuses them.
"""


@click.group("export")
def group() -> None:
    """Export categories and products to CSV files that `angidi import` reads.

    A file name that ends in .gz gives a gzipped file. Without a file, or with “-”, the export goes to standard output.
    It is one consistent snapshot. A file appears under its name when it is complete.
    """


@group.command()
@_file
@_excel
def categories(path: Path, *, excel: bool) -> None:
    """Export the categories.

    The columns are id, name, parent_id, description.
    """
    _export(path, ("category", "categories"), lambda services: services.categories.export(), excel=excel)


@group.command(help=_PRODUCTS)
@_file
@_excel
@click.option("--category", metavar="NAME|ID", help="Only those in this category (name, path or id) and below it.")
def products(path: Path, *, category: str | None, excel: bool) -> None:
    """Export the products."""

    async def work(services: Services) -> AsyncGenerator[Block]:
        category_id = (await services.categories.get_by_text(category)).id if category else None
        async with aclosing(services.products.export(category_id)) as blocks:
            async for block in blocks:
                yield block

    _export(path, ("product", "products"), work, excel=excel)


def _export(path: Path, one_or_many: tuple[str, str], work: Work, *, excel: bool) -> None:
    with _progress() as watch, _target(path) as file:
        if excel:
            file.write(BOM_UTF8)

        async def write(services: Services) -> int:
            rows = 0
            async with aclosing(work(services)) as blocks:
                async for block in blocks:
                    file.write(change_cells(block.data, guard_formula) if excel else block.data)
                    rows += block.rows
                    watch(len(block.data))
            return rows

        rows = with_services(write)
    click.echo(f"{rows:,} {one_or_many[rows != 1]} exported", err=True)


@contextmanager
def _target(path: Path) -> Generator[BinaryIO]:
    """Provide the output stream. A file replaces an existing one at the end of the block, unless it raises."""
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    draft = path.with_name(f"{path.name}.partial")
    try:
        with draft.open("wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                    yield cast("BinaryIO", packed)
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise click.ClickException(f"{path}: {os.strerror(error.errno or 0)}") from None
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


@contextmanager
def _progress() -> Generator[Callable[[int], None]]:
    """Show on a terminal how much is written."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("exporting"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("exporting", total=None)
        yield lambda written: progress.update(task, advance=written)
