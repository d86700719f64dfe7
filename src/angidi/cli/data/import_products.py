"""`angidi import products`."""

import sys
from collections.abc import Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click

from angidi.app import Services
from angidi.cli.context import print_line
from angidi.cli.data.product_options import read_options, reading_options
from angidi.cli.data.proposing import column_proposal, propose
from angidi.cli.data.running import ImportReport, file_argument, format_options, report_options, run_import
from angidi.cli.data.understood import print_understood, print_unusual
from angidi.csvfiles import HEADER, CsvReader, FileOptions, FileRefused, OnProgress, Summary, open_csv
from angidi.csvfiles.encoding import nobody
from angidi.products.csv_rows import COLUMNS, StockMode
from angidi.products.imports.notes import Notes
from angidi.products.imports.pipeline import Choices
from angidi.products.imports.reading.columns import shown
from angidi.products.imports.reading.product_file import ProductFile, ReadingOptions

BATCH = 10_000
"""Default rows per transaction of a resumed import."""

LARGEST_BATCH = 50_000
"""Maximum rows per batch, because a batch is held in memory."""

NOTHING_TO_RESUME = (
    "nothing to resume for this file (its content or the options are new, or it is all in): begins at its first row"
)

_HELP = f"""Import products.

The columns are {", ".join(COLUMNS.required)}, and optionally {", ".join(COLUMNS.optional)}; --from, --map and --mapping
read others. Products are matched by sku. Values without a column in the file, and blank names, prices, stocks and
categories, stay as they are; a new product needs a name, a price and a category. Without --from, --map, --mapping and
--yes the command shows how it reads the file, and on a terminal asks. Exits with 3 if rows were refused.
"""


class Batches(NamedTuple):
    """How an import is divided: rows per transaction, and whether it goes on where it was interrupted."""

    size: int
    resume: bool


class ProductFiles(NamedTuple):
    """Opens files of products, and tells how they are read: all of it if `shows`, else what is unusual."""

    ctx: click.Context
    form: FileOptions
    reading: ReadingOptions
    stock: StockMode
    shows: bool

    @contextmanager
    def open(self, path: Path, watch: OnProgress = nobody) -> Generator[CsvReader]:
        """Open a file. Raises `FileRefused`, and proposes what to run instead."""
        with open_csv(path, self.form, watch) as file:
            try:
                products = ProductFile(file, self.reading)
            except FileRefused as error:
                propose(error, self.ctx, self.reading.mapping)
                raise
            self._tell(file, products)
            yield file

    def ask(self, path: Path) -> "ProductFiles":
        """Tell how a file is read and ask whether to go on. Raises as `open` does, and `click.Abort`."""
        with self.open(path):
            click.confirm("Import the file so?", default=True, abort=True, err=True)
        return self._replace(shows=False)

    def _tell(self, file: CsvReader, products: ProductFile) -> None:
        if self.shows:
            print_understood(file, products, self.stock)
        else:
            print_unusual(file, products)
        reading = products.reading
        if reading.columns.ignored and not reading.mapping.title:
            print_line(f"ignored columns: {shown(reading.columns.ignored)}")
            for line in column_proposal(file.header, self.ctx, reading.mapping):
                print_line(line)


@click.command(help=_HELP)
@file_argument
@reading_options
@format_options
@click.option(
    "--default-category",
    metavar="NAME|ID",
    help="The category (name, path such as “Books > Poetry”, or id) of new products without one in their row.",
)
@click.option("--create-categories", is_flag=True, help="Create the categories that are not there, by their paths.")
@click.option("--only-existing", is_flag=True, help="Change products, and refuse rows that would add one.")
@click.option(
    "--stock",
    type=click.Choice(get_args(StockMode)),
    default="set",
    help="What the stock of a row means to a product that is there: set it (a recount; if not given), add to it (or, "
    "negative, take out), or ignore it.",
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
@click.option("--yes", is_flag=True, help="Do not show how the file is read, and do not ask.")
@report_options
@click.pass_context
def products(  # noqa: PLR0913 - one parameter for each option
    ctx: click.Context,
    /,
    path: Path,
    *,
    delimiter: str | None,
    encoding: str | None,
    batch: int | None,
    resume: bool,
    yes: bool,
    refused_path: Path | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Import products."""
    if dry_run and (batch or resume):
        raise click.UsageError("--dry-run stores nothing, so there are no batches: leave --batch and --resume out.")
    choices = Choices(**{name: given.pop(name) for name in Choices._fields})
    reading = read_options(**given)
    shows = not (yes or as_json or resume or reading.mapping)
    files = ProductFiles(ctx, FileOptions(delimiter, encoding), reading, choices.stock, shows)
    if shows and not dry_run and path.is_file() and sys.stdin.isatty() and sys.stderr.isatty():
        files = files.ask(path)
    batches = Batches(batch or BATCH, resume) if batch or resume else None

    async def work(services: Services, file: CsvReader, report: ImportReport) -> Summary:
        if batches:
            return await _run_batches(services, file, batches, report, options=reading, choices=choices)
        return await services.product_imports.import_file(
            file, on_refused=report, options=reading, choices=choices, dry_run=dry_run
        )

    run_import(
        path,
        files.open,
        work,
        dry_run=dry_run,
        as_json=as_json,
        refused_path=refused_path,
        is_resumed=resume,
        modes={"stock": choices.stock},
    )


async def _run_batches(
    services: Services, file: CsvReader, batches: Batches, report: ImportReport, **how: Any
) -> Summary:
    """Run an import in batches to its end."""
    notes = Notes()
    steps = services.product_imports.import_in_batches(
        file, size=batches.size, resume=batches.resume, on_refused=report, notes=notes, **how
    )
    async with aclosing(steps):
        done = await anext(steps)
        if done.line > HEADER:
            click.echo(f"resumed: the rows up to line {done.line} are stored", err=True)
        elif batches.resume:
            click.echo(NOTHING_TO_RESUME, err=True)
        report.stored_line = done.line
        async for step in steps:
            done = step
            report.stored_line = done.line
    return notes.added_to(done.summary)
