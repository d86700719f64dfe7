"""The console script `migrate`: a drop-in for golang-migrate's, with its flags, messages and exit codes."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import psycopg

from .console import Console
from .database.url import parse_target, scheme_of
from .errors import MigrateError, NoChange, OpenError, SourceError, Stopped
from .files.create import Naming, create
from .files.source import Source
from .golang.flags import FlagSet, HelpRequested, UsageError, Value, parse_bool, parse_int, parse_uint
from .golang.times import duration
from .golang.usage import COMMANDS, GLOBAL, USAGE
from .options import Options
from .run.runner import Migrate
from .run.signals import Interrupts, interruptible

_USAGE_EXIT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done or nothing to do, 1 failed or refused, 2 usage."""
    _speak_utf8(sys.stderr)
    flags = FlagSet(GLOBAL)
    try:
        rest = flags.parse(sys.argv[1:] if arguments is None else arguments)
    except HelpRequested:
        return _usage(0)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return _usage(_USAGE_EXIT)
    if flags.values["version"]:
        sys.stderr.write("4.19.1-compatible (angidi)\n")
        return 0
    if flags.values["help"]:
        return _usage(0)
    return _Command(flags.values).run(rest)


def _speak_utf8(stream: TextIO) -> None:
    """Write UTF-8 whatever the locale, and other bytes of a file as they are: so does golang-migrate."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def _usage(code: int) -> int:
    sys.stderr.write(USAGE)
    return code


class _Command:
    """One command line after its global flags."""

    def __init__(self, settings: dict[str, Value]) -> None:
        self.settings = settings
        self.strict = bool(settings["strict-compat"]) or _truthy(os.environ.get("MIGRATE_STRICT_COMPAT", ""))
        self.console = Console(verbose=bool(settings["verbose"]), strict=self.strict)
        self.begun = time.monotonic()
        self._stack = ExitStack()
        self._interrupts: Interrupts | None = None
        self._migrate: Migrate | MigrateError | None = None

    def run(self, rest: list[str]) -> int:
        try:
            if self.strict:
                self._open()
            if not rest or (rest[0] not in COMMANDS and rest[0] != "version"):
                return _usage(_USAGE_EXIT)
            return self._dispatch(rest[0], rest[1:])
        except _Exit as done:
            return done.code
        except Stopped as error:
            self.console.print(str(error))
            return 128 + (self._interrupts.number if self._interrupts else 0)
        except MigrateError as error:
            self.console.print(f"error: {error.golang_message if self.strict else error}")
            return 1
        except psycopg.Error as error:
            self.console.print(f"error: {str(error).strip()}")
            return 1
        finally:
            self._close()

    def _dispatch(self, name: str, arguments: list[str]) -> int:
        if name == "version":
            return self._version()
        usage, flags = COMMANDS[name]
        flag_set = FlagSet(flags)
        if name == "force" and arguments == ["-1"] and not self.strict:
            arguments = ["--", "-1"]
        try:
            rest = flag_set.parse(arguments)
        except (HelpRequested, UsageError) as error:
            said = f"{error}\n" if isinstance(error, UsageError) else ""
            sys.stderr.write(f"{said}Usage of {name}:\n{flag_set.defaults()}")
            return _USAGE_EXIT if said else 0
        if flag_set.values["help"]:
            sys.stderr.write(f"{usage}\n{flag_set.defaults()}")
            return 0
        _COMMANDS[name](self, rest, flag_set.values)
        if self.console.verbose and name != "create":
            self.console.print(f"Finished after {duration(time.monotonic() - self.begun)}")
        return 0

    def goto(self, rest: list[str], _values: dict[str, Value]) -> None:
        migrate = self._opened()
        if not rest:
            self._fatal("error: please specify version argument V")
        version = self._number(parse_uint, rest[0], "error: can't read version argument V")
        self._quietly(lambda: migrate.migrate(version))

    def up(self, rest: list[str], _values: dict[str, Value]) -> None:
        migrate = self._opened()
        if not rest:
            self._quietly(migrate.up)
            return
        count = self._number(parse_uint, rest[0], "error: can't read limit argument N")
        self._quietly(lambda: migrate.steps(count))

    def down(self, rest: list[str], values: dict[str, Value]) -> None:
        migrate = self._opened()
        if values["all"] and rest:
            self._fatal("error: -all cannot be used with other arguments")
        if len(rest) > 1:
            self._fatal("error: too many arguments")
        if rest:
            count = self._number(parse_uint, rest[0], "error: can't read limit argument N")
            self._quietly(lambda: migrate.steps(-count))
            return
        if not values["all"]:
            self._ask("apply all down migrations", "Applying", "Not applying", "all down migrations")
        self._quietly(migrate.down)

    def drop(self, _rest: list[str], values: dict[str, Value]) -> None:
        if not values["f"]:
            self._ask(
                "drop the entire database schema",
                "Dropping",
                "Aborted dropping",
                "the entire database schema",
            )
        self._opened().drop()

    def force(self, rest: list[str], _values: dict[str, Value]) -> None:
        migrate = self._opened()
        if not rest:
            self._fatal("error: please specify version argument V")
        version = self._number(parse_int, rest[0], "error: can't read version argument V")
        if version < -1:
            self._fatal("error: argument V must be >= -1")
        migrate.force(version)

    def create(self, rest: list[str], values: dict[str, Value]) -> None:
        if not rest:
            self._fatal("error: please specify name")
        if not values["ext"]:
            self._fatal("error: -ext flag must be specified")
        naming = Naming(
            extension=str(values["ext"]),
            sequential=bool(values["seq"]),
            digits=int(values["digits"]),
            format=str(values["format"]),
            strict=self.strict,
        )
        for path in create(Path(str(values["dir"])), rest[0], naming, self._now(str(values["tz"]))):
            self.console.print(str(path))

    def _version(self) -> int:
        version, dirty = self._opened().version()
        self.console.print(f"{version} (dirty)" if dirty else str(version))
        return 0

    def _now(self, zone: str) -> datetime:
        try:
            return datetime.now(ZoneInfo(zone) if zone else UTC)
        except (OSError, ValueError, KeyError):
            self._fatal(f"unknown time zone {zone}")
            raise

    def _quietly(self, run: Callable[[], None]) -> None:
        try:
            run()
        except NoChange as nothing:
            self.console.print(nothing.text)

    def _number(self, parse: Callable[[str], int], text: str, complaint: str) -> int:
        try:
            return parse(text)
        except ValueError:
            self._fatal(complaint)
            raise

    def _fatal(self, text: str) -> None:
        self.console.print(text)
        raise _Exit(1)

    def _ask(self, question: str, yes: str, no: str, what: str) -> None:
        self.console.print(f"Are you sure you want to {question}? [y/N]")
        words = sys.stdin.readline().split()
        if words[:1] not in (["y"], ["Y"]):
            self._fatal(f"{no} {what}")
        self.console.print(f"{yes} {what}")

    def _opened(self) -> Migrate:
        self._open()
        if isinstance(self._migrate, Migrate):
            return self._migrate
        raise self._migrate or OpenError("not open")

    def _open(self) -> None:
        """Open source and database once; keep the error for the command that needs them."""
        if self._migrate is not None:
            return
        try:
            self._migrate = _open(self.settings, self.console, strict=self.strict)
            handling = interruptible(self._migrate, self.console.print, strict=self.strict)
            self._interrupts = self._stack.enter_context(handling)
        except MigrateError as error:
            self._migrate = error

    def _close(self) -> None:
        self._stack.close()
        if isinstance(self._migrate, Migrate):
            if self.console.verbose:
                self.console.print("Closing source and database")
            self._migrate.close()


_COMMANDS = {
    "create": _Command.create, "goto": _Command.goto, "up": _Command.up, "down": _Command.down,
    "drop": _Command.drop, "force": _Command.force,
}  # fmt: skip


@dataclass
class _Exit(Exception):
    """Leave the command with this exit code; all is printed."""

    code: int


def _truthy(text: str) -> bool:
    try:
        return parse_bool(text)
    except ValueError:
        return False


def _open(settings: dict[str, Value], console: Console, *, strict: bool) -> Migrate:
    """Open source and database, the errors in golang-migrate's words and order."""
    path, url, database = (str(settings[key]) for key in ("path", "source", "database"))
    source_url = url or (f"file://{path}" if path else "")
    scheme = scheme_of(source_url, "source").lower()
    scheme_of(database, "database")
    try:
        if scheme != "file":
            raise SourceError(f"source driver: unknown driver '{scheme}' (forgotten import?)")  # noqa: TRY301 - one prefix for all
        source = Source(_directory(url) if url else Path(path))
    except SourceError as error:
        raise SourceError(f'failed to open source, "{source_url}": {error.text}', *error.advice) from error
    options = Options(
        strict=strict,
        lock_timeout=int(settings["lock-timeout"]),
        prefetch=max(1, int(settings["prefetch"])),
        allow_missed=bool(settings["allow-missed"]),
        require_down=bool(settings["require-down"]),
    )
    try:
        return Migrate.open(
            source, parse_target(database, strict=strict), on_progress=console.print_event, options=options
        )
    except MigrateError as error:
        raise OpenError(f"failed to open database: {error.golang_message}", *error.advice) from error


def _directory(url: str) -> Path:
    """Return the directory that a file URL means; `file://` alone is the current one."""
    parts = urlsplit(url)
    return Path(unquote(parts.netloc + parts.path) or ".")


if __name__ == "__main__":
    sys.exit(main())
