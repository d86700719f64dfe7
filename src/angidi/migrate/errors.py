"""What can go wrong, as types with golang-migrate's names.

`text` is golang-migrate's exact wording where it has one; `advice` is what it leaves out: what the state
is now and what to do next. `str(error)` is both. No text ever holds a password.
"""

from collections.abc import Sequence

NIL = -1
"""The version of a database to which nothing was applied."""


class MigrateError(Exception):
    """Base of all errors of this package."""

    def __init__(self, text: str, *advice: str) -> None:
        self.text = text
        self.advice = advice
        super().__init__("\n".join([text, *advice]))

    @property
    def golang_message(self) -> str:
        """What golang-migrate prints after `error: `."""
        return self.text


class NoChange(MigrateError):
    """Nothing was left to do; harmless."""

    def __init__(self) -> None:
        super().__init__("no change")


class NilVersion(MigrateError):
    """No version is recorded."""

    def __init__(self) -> None:
        super().__init__("no migration")


class InvalidVersion(MigrateError):
    """A version below -1 was forced."""

    def __init__(self) -> None:
        super().__init__("version must be >= -1")


class Dirty(MigrateError):
    """A run was interrupted at `version`: what is applied has to be looked at first."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"Dirty database version {version}. Fix and force version.",
            "`repair` says what happened and offers the fix.",
        )


class ShortLimit(MigrateError):
    """Fewer migrations than asked for existed; those were run, `short` were missing."""

    def __init__(self, short: int) -> None:
        self.short = short
        super().__init__(f"limit {short} short")


class NotExist(MigrateError):
    """A migration that was asked for is not among the files."""

    def __init__(self, text: str = "file does not exist", *advice: str) -> None:
        super().__init__(text, *advice)


class VersionNotFound(NotExist):
    """`version` has neither an up nor a down file."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"no migration found for version {version}: read down for version {version} .: file does not exist",
            "The files may be older than the database: deploy newer ones, or `force` a version they have.",
        )


class Locked(MigrateError):
    """The lock table says that somebody else holds the lock."""

    def __init__(self) -> None:
        super().__init__("can't acquire lock", "If its holder is dead, delete its row from the lock table.")


class LockTimeout(MigrateError):
    """Another run held the lock past the deadline; `holders` describes each holder in one line."""

    def __init__(self, holders: Sequence[str] = ()) -> None:
        self.holders = tuple(holders)
        super().__init__("timeout: can't acquire database lock", *(f"held by {holder}" for holder in holders))


class Stopped(MigrateError):
    """A signal ended the run between two migrations, or rolled one back; the state is clean or said."""


class Missed(MigrateError):
    """Files below the current version were surely never applied."""

    def __init__(self, versions: Sequence[int], current: int) -> None:
        self.versions = tuple(versions)
        listed = ", ".join(map(str, versions))
        super().__init__(
            f"missed below version {current}: {listed}",
            "These files came later than a higher version was applied, so `up` would skip them in silence.",
            "Give them a number above it with `renumber`, or apply them where they are with --allow-missed.",
        )


class NoDownFile(MigrateError):
    """A down file is missing, and the run was told to require one."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"no down file for version {version}", "Without one, going down would undo nothing.")


class SourceError(MigrateError):
    """The migration files cannot be used as they are."""


class DuplicateMigration(SourceError):
    """Two files have the same version and direction."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"duplicate migration file: {name}",
            "Two files have its version and direction: `renumber` gives the later one the next free number.",
        )


class OpenError(MigrateError):
    """The database could not be opened: its URL, the server or the bookkeeping table is in the way."""


class Unreachable(OpenError):
    """No server answered, or it refused the connection."""


class BookkeepingError(MigrateError):
    """A statement of our own bookkeeping failed, not one of a file; `reason` is the server's message."""

    def __init__(self, text: str, *advice: str, reason: str = "", sqlstate: str = "") -> None:
        self.reason = reason or text
        self.sqlstate = sqlstate
        super().__init__(text, *advice)
