"""`angidi import …`: categories and products from CSV files."""

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from angidi.app import Services
from angidi.categories.csv_rows import COLUMNS as CATEGORY_COLUMNS
from angidi.cli.context import escape_unprintable, open_services, resolve_database, with_one_connection
from angidi.config import ConfigError, load
from angidi.csvfiles import HEADER, Columns, NamedRows, OnProgress, OnRefused, Refused, Summary, open_rows
from angidi.db.conninfo import DatabaseUrls
from angidi.embedded import EmbeddedError
from angidi.errors import AngidiError
from angidi.products.csv_rows import COLUMNS as PRODUCT_COLUMNS
from angidi.products.imports.progress import Progress as Stored

EXIT_SOME_REFUSED = 3
"""Exit code if some rows were refused and all others stored: neither success nor failure."""

Work = Callable[[Services, NamedRows, OnRefused], Awaitable[Summary]]

BATCH = 10_000
"""Default rows per transaction of a resumed import."""

LARGEST_BATCH = 50_000
"""Maximum rows per batch, because a batch is held in memory."""

NOTHING_TO_RESUME = "nothing to resume for this file (its content is new, or it is all in): begins at its first row"

STDIN = Path("-")

_file = click.argument(
    "path", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
_dry_run = click.option("--dry-run", is_flag=True, help="Validate and report, but store nothing.")
_json = click.option("--json", "as_json", is_flag=True, help="Report as one JSON object on standard output.")

_PRODUCTS = f"""Import products.

The columns are {", ".join(PRODUCT_COLUMNS.required)}, and optionally {", ".join(PRODUCT_COLUMNS.optional)}. Products
are matched by sku. Values without a column in the file stay as they are. Exits with 3 if rows were refused.
"""


@click.group("import")
def group() -> None:
    """Import categories and products from CSV files.

    A file is UTF-8, may be gzipped, and names its columns in the first line; “-” is standard input. All valid rows are
    stored, in one transaction unless --batch is given. Each refused row is reported on a line of standard error, with
    its line number and every reason. A second run changes nothing.

    Exit codes: 0 all rows are stored · 1 the file or an option is wrong, nothing is stored · 3 some rows were refused,
    all others are stored.
    """


@group.command()
@_file
@_dry_run
@_json
def categories(path: Path, *, dry_run: bool, as_json: bool) -> None:
    """Import categories.

    The columns are id, name, parent_id, and optionally description. Rows may have any order. A category with the same
    path of names is the same category; none is moved or deleted. Exits with 3 if rows were refused.
    """

    async def work(services: Services, file: NamedRows, on_refused: OnRefused) -> Summary:
        return await services.categories.import_file(file, on_refused=on_refused, dry_run=dry_run)

    _import(path, CATEGORY_COLUMNS, work, dry_run=dry_run, as_json=as_json)


@group.command(help=_PRODUCTS)
@_file
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
@_dry_run
@_json
def products(  # noqa: PLR0913 - one parameter for each option
    path: Path, *, default_category: str | None, batch: int | None, resume: bool, dry_run: bool, as_json: bool
) -> None:
    """Import products."""
    if dry_run and (batch or resume):
        raise click.UsageError("--dry-run stores nothing, so there are no batches: leave --batch and --resume out.")

    async def work(services: Services, file: NamedRows, on_refused: OnRefused) -> Summary:
        return await services.products.import_file(
            file, on_refused=on_refused, default_category=default_category, dry_run=dry_run
        )

    async def in_batches(services: Services, file: NamedRows, on_refused: OnRefused) -> Summary:
        steps = services.products.import_in_batches(
            file, size=batch or BATCH, resume=resume, on_refused=on_refused, default_category=default_category
        )
        return await _run_batches(steps, resume=resume)

    _import(path, PRODUCT_COLUMNS, in_batches if batch or resume else work, dry_run=dry_run, as_json=as_json)


async def _run_batches(steps: AsyncGenerator[Stored], *, resume: bool) -> Summary:
    """Run an import in batches to its end; on failure, print what is stored."""
    done = Stored(b"")
    try:
        async with aclosing(steps):
            done = await anext(steps)
            if done.line > HEADER:
                click.echo(f"resumed: the rows up to line {done.line} are stored", err=True)
            elif resume:
                click.echo(NOTHING_TO_RESUME, err=True)
            async for step in steps:
                done = step
    except BaseException:
        if done.line > HEADER:
            click.echo(
                f"interrupted: the rows up to line {done.line} are stored; --resume goes on from there", err=True
            )
        raise
    return done.summary


def _import(path: Path, columns: Columns, work: Work, *, dry_run: bool, as_json: bool) -> None:
    refused: list[Refused] = []
    settings = load()

    async def run(where: DatabaseUrls, file: NamedRows) -> Summary:
        past_pooler = DatabaseUrls(where.direct, where.direct, where.direct)
        async with open_services(with_one_connection(settings), past_pooler) as services:
            return await work(services, file, refused.append if as_json else _print_refused)

    try:
        with _as_file(path) as there, _progress(there) as watch, open_rows(there, columns, watch=watch) as file:
            if file.ignored:
                click.echo(escape_unprintable(f"ignored columns: {', '.join(file.ignored)}"), err=True)
            with resolve_database(settings) as where:
                summary = asyncio.run(run(where, file))
    except (AngidiError, ConfigError, EmbeddedError) as error:
        if as_json:
            click.echo(msgspec.json.encode({"error": _reason(error), "refused": refused}).decode())
        raise
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.structs.asdict(summary), "refused": refused}).decode())
    else:
        _print_summary(summary, dry_run=dry_run)
    if summary.refused:
        sys.exit(EXIT_SOME_REFUSED)


def _reason(error: Exception) -> str:
    """Return the message of an error: per field if fields were refused."""
    details = error.details if isinstance(error, AngidiError) else ()
    return "; ".join(f"{field}: {message}" for field, message in details) or str(error)


def _print_refused(refused: Refused) -> None:
    reasons = "; ".join(map(str, refused.reasons))
    click.echo(escape_unprintable(f"line {refused.line}: {reasons}"), err=True)


def _print_summary(summary: Summary, *, dry_run: bool) -> None:
    table = Table(title="dry run: nothing is stored" if dry_run else None)
    for name in summary.__struct_fields__:
        table.add_column(name, justify="right")
    table.add_row(*(f"{count:,}" for count in msgspec.structs.astuple(summary)))
    Console().print(table)


@contextmanager
def _as_file(path: Path) -> Generator[Path]:
    """Provide the file's path; standard input is copied to a temporary file, because it may be read twice."""
    if path != STDIN:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "stdin"
        try:
            with copy.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            raise click.ClickException(f"standard input cannot be kept: {error.strerror}") from error
        except AttributeError as error:  # sys.stdin is None
            raise click.ClickException("standard input is closed") from error
        yield copy


@contextmanager
def _progress(path: Path) -> Generator[OnProgress]:
    """Show on a terminal how much of the file is read."""
    console = Console(stderr=True)
    bar = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    size = path.stat().st_size
    with Progress(*bar, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=size)

        def watch(position: int) -> None:
            done = position >= size
            progress.update(task, completed=position, description="storing" if done else "reading")

        yield watch
