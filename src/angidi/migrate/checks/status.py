"""The state of a database relative to the files: takes no lock and changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from angidi.migrate.database.history import UNKNOWN_STATE, AppliedState
from angidi.migrate.errors import NIL
from angidi.migrate.files.source import Source
from angidi.migrate.run.runner import Migrate


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of the files.

    `state` is applied, pending or missed (below the current version and surely never applied); `changed` tells
    that the file is not the one that was applied, None where that is not known.
    """

    version: int
    title: str
    state: str
    changed: bool | None
    has_up: bool
    has_down: bool
    applied_at: datetime | None = None
    applied_by: str | None = None
    seconds: float | None = None
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The current version (-1 for nothing), its dirty mark, whether the files know it, and every file's state."""

    version: int
    dirty: bool
    known: bool
    entries: tuple[Entry, ...]

    @property
    def pending(self) -> list[int]:
        """The versions that `up` would apply."""
        return [entry.version for entry in self.entries if entry.state == "pending"]

    def problems(self) -> list[str]:
        """Return what an operator has to set right, most urgent first, one line a version; pending is none."""
        found = [f"version {self.version} is dirty: run `repair`"] if self.dirty else []
        if not self.known:
            found.append(f"version {self.version} is unknown to the files: they are older than the database")
        entries = (each for each in self.entries if not (self.dirty and each.version == self.version))
        return found + [f"version {each.version} {text}" for each in entries if (text := _problem(each))]

    def advice(self) -> list[str]:
        """Return what is legal and may surprise, one line for each kind."""
        without_down = [entry.version for entry in self.entries if not entry.has_down]
        without_up = [entry.version for entry in self.entries if not entry.has_up]
        return [
            *_legal(without_down, "no down file: going down over one of them undoes nothing"),
            *_legal(without_up, "no up file: going up over one of them does nothing"),
        ]


_SHOWN = 5


def _problem(entry: Entry) -> str:
    missed = "was missed: it came after a higher version was applied" if entry.state == "missed" else ""
    return missed or ("was changed after it was applied" if entry.changed else "")


def _legal(versions: list[int], what: str) -> list[str]:
    """Return the line about these versions, of which the first few are named; none where there are none."""
    if not versions:
        return []
    named = ", ".join(map(str, versions[:_SHOWN])) + (", …" if len(versions) > _SHOWN else "")
    return [f"{len(versions)} {'version has' if len(versions) == 1 else 'versions have'} {what} ({named})"]


def status(migrate: Migrate) -> Status:
    """Return the state of the database relative to the files."""
    version, dirty = migrate.session.table.read()
    applied_state = UNKNOWN_STATE if version == NIL else migrate.applied_state(version)
    entries = tuple(_entry(migrate.source, each, version, applied_state) for each in migrate.source.versions)
    return Status(version, dirty, version == NIL or version in migrate.source.versions, entries)


def _entry(source: Source, version: int, current: int, applied_state: AppliedState) -> Entry:
    up, down = source.file(version, "up"), source.file(version, "down")
    state = "pending" if version > current else "missed" if version in applied_state.passed else "applied"
    record = applied_state.applied.get(version) if state == "applied" else None
    if record is None:
        return Entry(version, source.title(version), state, None, up is not None, down is not None)
    checksum = sha256(up.read()).hexdigest() if up else None
    return Entry(
        version,
        source.title(version),
        state,
        changed=None if record.checksum is None else record.checksum != checksum,
        has_up=up is not None,
        has_down=down is not None,
        applied_at=record.applied_at,
        applied_by=record.applied_by,
        seconds=record.seconds,
        tool=record.tool,
    )
