"""`angidi import …`: categories and products from CSV files."""

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path

import click

from angidi.app import Services
from angidi.categories.imports.files import open_category_file, select_columns
from angidi.categories.imports.path_rows import SEPARATOR
from angidi.cli.context import escape_unprintable
from angidi.cli.data.running import ImportReport, file_argument, format_options, report_options, run_import
from angidi.csvfiles import (
    HEADER,
    CsvReader,
    FileOptions,
    NamedRows,
    OnProgress,
    RowReader,
    Summary,
    open_csv,
    select,
)
from angidi.products.csv_rows import COLUMNS as PRODUCT_COLUMNS
from angidi.products.imports.progress import Progress as Stored

BATCH = 10_000
"""Default rows per transaction of a resumed import."""

LARGEST_BATCH = 50_000
"""Maximum rows per batch, because a batch is held in memory."""

NOTHING_TO_RESUME = "nothing to resume for this file (its content is new, or it is all in): begins at its first row"

_PRODUCTS = f"""Import products.

The columns are {", ".join(PRODUCT_COLUMNS.required)}, and optionally {", ".join(PRODUCT_COLUMNS.optional)}. Products
are matched by sku. Values without a column in the file stay as they are. Exits with 3 if rows were refused.
"""


@click.group("import")
def group() -> None:
    """Import categories and products from CSV files.

    A file may be gzipped, and names its columns in the first line; “-” is standard input. Separator and encoding are
    recognized. All valid rows are stored, in one transaction unless --batch is given. Refused rows are reported on
    standard error by their reasons, with the number of rows and the first lines; --refused writes them to a file. A
    second run changes nothing.

    Exit codes: 0 all rows are stored · 1 the file or an option is wrong, nothing is stored · 3 some rows were refused,
    all others are stored · 130 interrupted, which says what is stored.
    """


@group.command()
@file_argument
@format_options
@click.option(
    "--category-separator",
    metavar="TEXT",
    default=SEPARATOR,
    help="What separates the names of a path; “>” if not given.",
)
@report_options
def categories(  # noqa: PLR0913 - one parameter for each option
    path: Path,
    *,
    delimiter: str | None,
    encoding: str | None,
    category_separator: str,
    refused_path: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import categories.

    The columns are id, name, parent_id, or path (such as “Kitchen > Mugs”), and optionally description. A text with
    a path in each line, such as Google's taxonomy, is read as well. Rows may have any order. A category with the same
    path of names is the same category; none is moved or deleted. Exits with 3 if rows were refused.
    """

    @contextmanager
    def opened(there: Path, watch: OnProgress) -> Generator[RowReader]:
        with open_category_file(there, FileOptions(delimiter, encoding), watch) as file:
            tell_format(file)
            _tell_ignored(select_columns(file))
            yield file

    async def work(services: Services, file: RowReader, report: ImportReport) -> Summary:
        return await services.categories.import_file(
            select_columns(file), on_refused=report, separator=category_separator, dry_run=dry_run
        )

    run_import(path, opened, work, dry_run=dry_run, as_json=as_json, refused_path=refused_path)


@group.command(help=_PRODUCTS)
@file_argument
@format_options
@click.option(
    "--default-category",
    metavar="NAME|ID",
    help="The category (name, path such as “Books > Poetry”, or id) of new products without one in their row.",
)
@click.option(
    "--batch",
    type=click.IntRange(100, LARGEST_BATCH),
    metavar="ROWS",
    help=f"Rows per transaction (100 to {LARGEST_BATCH:,}); stored batches survive an interruption.",
)
@click.option(
    "--resume",
    is_flag=True,
    help=f"Continue an interrupted import of this file; without --batch, {BATCH:,} rows per transaction.",
)
@report_options
def products(  # noqa: PLR0913 - one parameter for each option
    path: Path,
    *,
    delimiter: str | None,
    encoding: str | None,
    default_category: str | None,
    batch: int | None,
    resume: bool,
    refused_path: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import products."""
    if dry_run and (batch or resume):
        raise click.UsageError("--dry-run stores nothing, so there are no batches: leave --batch and --resume out.")

    @contextmanager
    def opened(there: Path, watch: OnProgress) -> Generator[CsvReader]:
        with open_csv(there, FileOptions(delimiter, encoding), watch) as file:
            tell_format(file)
            _tell_ignored(select(file, PRODUCT_COLUMNS))
            yield file

    async def work(services: Services, file: CsvReader, report: ImportReport) -> Summary:
        rows = select(file, PRODUCT_COLUMNS)
        if not batch and not resume:
            return await services.products.import_file(
                rows, on_refused=report, default_category=default_category, dry_run=dry_run
            )
        steps = services.products.import_in_batches(
            rows, size=batch or BATCH, resume=resume, on_refused=report, default_category=default_category
        )
        return await _run_batches(steps, report, resume=resume)

    run_import(path, opened, work, dry_run=dry_run, as_json=as_json, refused_path=refused_path, is_resumed=resume)


async def _run_batches(steps: AsyncGenerator[Stored], report: ImportReport, *, resume: bool) -> Summary:
    """Run an import in batches to its end."""
    async with aclosing(steps):
        done = await anext(steps)
        if done.line > HEADER:
            click.echo(f"resumed: the rows up to line {done.line} are stored", err=True)
        elif resume:
            click.echo(NOTHING_TO_RESUME, err=True)
        report.stored_line = done.line
        async for step in steps:
            done = step
            report.stored_line = done.line
    return done.summary


def tell_format(file: RowReader) -> None:
    """Print an encoding that is only assumed."""
    if file.format.is_assumed:
        click.echo(f"read with {file.format}: look at the special characters, or name the --encoding", err=True)


def _tell_ignored(rows: NamedRows) -> None:
    if rows.ignored:
        click.echo(escape_unprintable(f"ignored columns: {', '.join(rows.ignored)}"), err=True)
