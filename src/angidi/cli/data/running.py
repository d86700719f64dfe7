"""What the imports of the command line share: options, the run, and the report."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, BinaryIO, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from angidi.app import Services
from angidi.cli.context import open_services, resolve_database, with_one_connection
from angidi.cli.data.notes import print_notes
from angidi.cli.data.progress import ImportProgress, show_progress
from angidi.cli.data.refusals import Refusals, RefusedFile
from angidi.cli.options import json_option
from angidi.config import ConfigError, load
from angidi.csvfiles import COUNTS, HEADER, OnProgress, Refused, RowReader, Summary
from angidi.csvfiles.dialect import find_delimiter
from angidi.csvfiles.encoding import BLOCK, find_encoding
from angidi.db.conninfo import DatabaseUrls, bypass_pooler
from angidi.embedded import EmbeddedError
from angidi.errors import AngidiError

EXIT_SOME_REFUSED = 3
"""Exit code if some rows were refused and all others stored: neither success nor failure."""

STDIN = Path("-")

NO_MODES: Mapping[str, str] = MappingProxyType({})

TEMPORARY = "angidi-import-"
"""How names of temporary folders begin."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=RowReader)


class ImportReport:
    """Takes the refused rows of an import, and up to which line it is stored."""

    def __init__(self, *, keeps: bool) -> None:
        self.refused: list[Refused] = []
        self.refusals = Refusals()
        self.file: RefusedFile | None = None
        self.stored_line = HEADER
        self.is_stored = False
        self._keeps = keeps

    def __call__(self, refused: Refused) -> None:
        """Take a refused row."""
        if self._keeps:
            self.refused.append(refused)
        else:
            self.refusals.add(refused)
        if self.file:
            self.file.add(refused)


Opened = Callable[[Path, OnProgress], AbstractContextManager[T]]
"""Opens a file for an import."""

Work = Callable[[Services, T, ImportReport], Awaitable[Summary]]
"""Imports an open file. The report is the callback for refused rows; an import in batches sets `stored_line`."""

file_argument = click.argument(
    "path", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)


def _delimiter(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    delimiter = find_delimiter(value) if value is not None else None
    if value is None or delimiter:
        return delimiter
    raise click.BadParameter(f"“{value}” is neither one character nor comma, semicolon, tab or pipe.")


def _encoding(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    encoding = find_encoding(value) if value is not None else None
    if value is None or encoding:
        return encoding
    raise click.BadParameter(f"“{value}” is not known; some are utf-8, utf-16, cp1252, iso-8859-2, cp850, mac-roman.")


_FORMAT = (
    click.option(
        "--delimiter",
        metavar="CHARACTER",
        callback=_delimiter,
        help="What separates the cells (a character, or tab), if it is not recognized.",
    ),
    click.option("--encoding", metavar="NAME", callback=_encoding, help="The encoding, if it is not recognized."),
)

_REPORT = (
    click.option(
        "--refused",
        "refused_path",
        metavar="FILE.csv",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        help="Write the refused rows to this file with their reasons, to be mended and imported.",
    ),
    click.option("--dry-run", is_flag=True, help="Validate and report, but store nothing."),
    json_option,
)


def format_options(command: F) -> F:
    """Add the options that say how the file is written: parameters `delimiter` and `encoding`."""
    for option in reversed(_FORMAT):
        command = option(command)
    return command


def report_options(command: F) -> F:
    """Add the options that say what is reported: parameters `refused_path`, `dry_run` and `as_json`."""
    for option in reversed(_REPORT):
        command = option(command)
    return command


def run_import(  # noqa: PLR0913 - one parameter for each option
    path: Path,
    opened: Opened[T],
    work: Work[T],
    *,
    dry_run: bool,
    as_json: bool,
    refused_path: Path | None = None,
    is_resumed: bool = False,
    modes: Mapping[str, str] = NO_MODES,
) -> None:
    """Open the file, run the import and report, also the `modes` by which it ran. Exits with 3 if rows were refused."""
    if refused_path and _is_same_file(path, refused_path):
        raise click.UsageError("--refused names the file that is imported: name another, which may be overwritten.")
    report = ImportReport(keeps=as_json)
    try:
        with (
            show_progress() as progress,
            _as_file(path, progress) as there,
            opened(there, progress.watch) as file,
            _refused_file(report, refused_path, file, is_resumed=is_resumed),
        ):
            summary = _run(file, work, report)
    except BaseException as error:
        try:
            _report_failure(error, report, dry_run=dry_run, as_json=as_json)
        except KeyboardInterrupt:  # another Ctrl-C must not cut the report short
            _report_failure(error, report, dry_run=dry_run, as_json=as_json)
        raise
    if as_json:
        outcome = {**modes, **msgspec.structs.asdict(summary), "refused": report.refused}
        click.echo(msgspec.json.encode(outcome).decode())
    else:
        report.refusals.print()
        print_notes(summary)
        _print_summary(summary, modes, dry_run=dry_run)
    if summary.refused:
        sys.exit(EXIT_SOME_REFUSED)


def _is_same_file(source: Path, target: Path) -> bool:
    """Tell whether the target is the source, by whatever name, or what standard input is read from."""
    with suppress(OSError, ValueError, AttributeError):  # there is no target yet, or no standard input
        stat = os.fstat(sys.stdin.fileno()) if source == STDIN else source.stat()
        return os.path.samestat(stat, target.stat())
    return False


def _run(file: T, work: Work[T], report: ImportReport) -> Summary:
    settings = load()

    async def run(where: DatabaseUrls) -> Summary:
        serving = bypass_pooler(where)
        async with open_services(
            with_one_connection(settings), DatabaseUrls(serving, serving, where.direct)
        ) as services:
            summary = await work(services, file, report)
            report.is_stored = True
            return summary

    with resolve_database(settings) as where:
        return asyncio.run(run(where))


@contextmanager
def _refused_file(report: ImportReport, path: Path | None, file: RowReader, *, is_resumed: bool) -> Generator[None]:
    with ExitStack() as stack:
        if path:
            report.file = RefusedFile(path, file, is_resumed=is_resumed)
            stack.callback(report.file.close)
        yield


def _report_failure(error: BaseException, report: ImportReport, *, dry_run: bool, as_json: bool) -> None:
    """Print what is stored of an import that did not come to its end."""
    is_interrupted = isinstance(error, KeyboardInterrupt)
    if is_interrupted:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if report.is_stored and not dry_run:
        click.echo("interrupted when all rows were stored", err=True)
    elif report.stored_line > HEADER:
        line = report.stored_line
        click.echo(f"interrupted: the rows up to line {line} are stored; --resume goes on from there", err=True)
    elif is_interrupted:
        click.echo("interrupted: nothing is stored; the same command begins again", err=True)
    if as_json and isinstance(error, AngidiError | ConfigError | EmbeddedError):
        click.echo(msgspec.json.encode({"error": _reason(error), "refused": report.refused}).decode())


def _reason(error: Exception) -> str:
    """Return the message of an error: per field if fields were refused."""
    details = error.details if isinstance(error, AngidiError) else ()
    return "; ".join(f"{field}: {message}" for field, message in details) or str(error)


def _print_summary(summary: Summary, modes: Mapping[str, str], *, dry_run: bool) -> None:
    caption = ", ".join(f"{name}: {mode}" for name, mode in modes.items())
    table = Table(title="dry run: nothing is stored" if dry_run else None, caption=caption or None)
    for name in COUNTS:
        table.add_column(name, justify="right")
    table.add_row(*(f"{getattr(summary, name):,}" for name in COUNTS))
    Console().print(table)


@contextmanager
def _as_file(path: Path, progress: ImportProgress) -> Generator[Path]:
    """Provide the file's path; standard input and pipes are copied to a temporary file, because they are read twice."""
    if path != STDIN and path.is_file():
        progress.total = path.stat().st_size
        yield path
        return
    with TemporaryDirectory(prefix=TEMPORARY) as folder:
        copy = Path(folder) / ("stdin" if path == STDIN else path.name)
        try:
            with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as source, copy.open("wb") as file:
                _copy(source, file, progress)
        except OSError as error:
            raise click.ClickException(f"{copy.name}: {os.strerror(error.errno or 0)}") from error
        except AttributeError as error:  # sys.stdin is None
            raise click.ClickException("standard input is closed") from error
        progress.total = copy.stat().st_size
        progress.watch(0, 0)
        yield copy


def _copy(source: BinaryIO, file: BinaryIO, progress: ImportProgress) -> None:
    while block := source.read(BLOCK):
        file.write(block)
        progress.watch(progress.position + len(block), 0)
