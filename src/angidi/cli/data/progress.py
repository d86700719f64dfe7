"""How far an import is: a bar on a terminal, elsewhere a line every few seconds."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

INTERVAL = 5.0
"""Seconds between lines."""

MEGABYTE = 1_000_000


class ImportProgress:
    """How far an import is. `total` is the size of the file in bytes, or None while it is unknown."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.position = 0
        self.line = 0
        self.begun = time.monotonic()

    def watch(self, position: int, line: int) -> None:
        """Take note of how many bytes of the file are read, up to which line (0: none yet)."""
        self.position = position
        self.line = line

    @property
    def stage(self) -> str:
        """Return what is being done."""
        if self.total is None:
            return "receiving"
        return "storing" if self.position >= self.total else "reading"

    def __str__(self) -> str:
        """Return the progress as a line."""
        read = f"{self.position / MEGABYTE:,.1f}"
        if self.total is None:
            return f"receiving: {read} MB"
        seconds = f"{time.monotonic() - self.begun:,.0f} s"
        if self.stage == "storing":
            return f"storing: {self.line:,} lines, {read} MB are read, {seconds}"
        percentage = 100 * self.position // max(self.total, 1)
        return f"reading: line {self.line:,}, {read} of {self.total / MEGABYTE:,.1f} MB ({percentage} %), {seconds}"


@contextmanager
def show_progress(interval: float = INTERVAL) -> Generator[ImportProgress]:
    """Show the progress on standard error while the block runs."""
    progress = ImportProgress()
    console = Console(stderr=True)
    shown = _bar(progress, console) if console.is_terminal else _lines(progress, interval)
    with shown:
        yield progress


@contextmanager
def _bar(progress: ImportProgress, console: Console) -> Generator[None]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with ProgressBar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("reading")

        def update() -> None:
            bar.update(task, completed=progress.position, total=progress.total, description=progress.stage)
            bar.refresh()

        with _ticking(update, 0.1):
            yield
        update()


@contextmanager
def _lines(progress: ImportProgress, interval: float) -> Generator[None]:
    with _ticking(lambda: click.echo(str(progress), err=True), interval):
        yield


@contextmanager
def _ticking(action: Callable[[], None], interval: float) -> Generator[None]:
    """Call `action` every `interval` seconds while the block runs, in a thread: the block may wait for the database."""
    stopped = Event()

    def run() -> None:
        while not stopped.wait(interval):
            action()

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
