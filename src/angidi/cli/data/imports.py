"""`angidi import …`: categories and products from CSV files."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from angidi.app import Services
from angidi.categories.imports.files import open_category_file, select_columns
from angidi.categories.imports.path_rows import SEPARATOR
from angidi.cli.context import print_line
from angidi.cli.data.running import ImportReport, file_argument, format_options, report_options, run_import
from angidi.csvfiles import FileOptions, NamedRows, OnProgress, RowReader, Summary


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


def tell_format(file: RowReader) -> None:
    """Print an encoding that is only assumed."""
    if file.format.is_assumed:
        click.echo(f"read with {file.format}: look at the special characters, or name the --encoding", err=True)


def _tell_ignored(rows: NamedRows) -> None:
    if rows.ignored:
        print_line(f"ignored columns: {', '.join(rows.ignored)}")
