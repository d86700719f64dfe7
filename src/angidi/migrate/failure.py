# ruff: noqa: N818 - the error is named after what happened
"""A migration that failed: where in its file, why, what the state is now, and what to do next."""

from dataclasses import dataclass
from pathlib import Path

from .errors import NIL, MigrateError
from .query import ServerError
from .sequence import Step
from .statements import split

_TAB = 4
_WIDEST = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text, both counted from 1; the column counts characters."""

    line: int
    column: int


def place_of(text: str, position: int) -> Place | None:
    """Return the place of the character that `position` counts from 1; None outside of the text."""
    if not 0 < position <= len(text):
        return None
    before = text[: position - 1]
    return Place(before.count("\n") + 1, position - 1 - before.rfind("\n"))


class MigrationFailed(MigrateError):
    """The server refused a statement of a migration.

    `step` is the migration, `path` its file, `line` and `column` the place (None where the server named none
    and the statement is unknown), `error` the server's words, `dirty` whether the database is left dirty.
    """

    def __init__(self, step: Step, body: str, error: ServerError, *, dirty: bool, version: int) -> None:
        self.step = step
        self.path: Path | None = step.file.path if step.file else None
        self.error = error
        self.dirty = dirty
        self.hint = error.hint
        self.sqlstate = error.sqlstate
        self.statement_at = _statement_at(body, error)
        place = place_of(body, error.position or self.statement_at)
        self.line = place.line if place else None
        self.column = place.column if place else None
        super().__init__(_headline(self.path, place, step, error), *_story(self, body, place, version))


def _statement_at(body: str, error: ServerError) -> int:
    """Return the position, from 1, of the statement that failed; 0 where it cannot be told."""
    statements = split(body)
    return statements[error.index].start + 1 if error.index < len(statements) else 0


def _headline(path: Path | None, place: Place | None, step: Step, error: ServerError) -> str:
    where = f"{path.name if path else step.label}" + (f":{place.line}:{place.column}" if place else "")
    code = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return f"migration {step.label} failed at {where}: {error.message}{code}"


def _story(failed: MigrationFailed, body: str, place: Place | None, version: int) -> list[str]:
    error = failed.error
    lines = _excerpt(body, place) if place else []
    named = (("DETAIL", error.detail), ("HINT", error.hint), ("CONTEXT", error.context))
    lines += [f"{name}: {text}" for name, text in named if text]
    return [*lines, *_next(failed, version)]


def _excerpt(body: str, place: Place) -> list[str]:
    """Return the line with a caret below the place, cut to a screen's width around it."""
    line = body.splitlines()[place.line - 1].expandtabs(1) if body.splitlines() else ""
    start = max(0, place.column - _WIDEST // 2)
    prefix = f"{place.line:>5} | "
    shown = line[start : start + _WIDEST]
    return [prefix + shown, " " * (len(prefix) + place.column - 1 - start) + "^"]


def _next(failed: MigrationFailed, version: int) -> list[str]:
    if failed.dirty:
        return [
            f"The database is marked dirty at version {version}: the file ran outside a transaction,",
            "so a part of it may be applied.",
            "Next: `repair` looks at what is left and offers the fix.",
        ]
    state = "nothing is applied" if version == NIL else f"the database is at version {version}"
    return [
        f"Rolled back as a whole: {state}, and clean.",
        "Next: correct the file and run the command again.",
    ]
