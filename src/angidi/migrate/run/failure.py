"""A migration that failed: where in its file, why, what the state is now, and what to do next."""

from dataclasses import dataclass
from pathlib import Path

from psycopg import pq

from angidi.migrate.errors import NIL, MigrateError
from angidi.migrate.files.script import Chunk, Script
from angidi.migrate.files.steps import Step
from angidi.migrate.golang.messages import migration_failed
from angidi.migrate.server_error import ServerError
from angidi.migrate.sql.statements import split

_WIDEST = 100


@dataclass(frozen=True, slots=True)
class TextPosition:
    """A place in a text, both counted from 1; the column counts characters."""

    line: int
    column: int


def text_position(text: str, position: int) -> TextPosition | None:
    """Return the place of the character that `position` counts from 1; None outside of the text."""
    if not 0 < position <= len(text):
        return None
    before = text[: position - 1]
    return TextPosition(before.count("\n") + 1, position - 1 - before.rfind("\n"))


class MigrationFailed(MigrateError):
    """The server refused a statement of a migration.

    `step` is the migration, `path` its file, `line` and `column` the place (None where the server named none
    and the statement is unknown), `error` the server's words, `dirty` whether the database is left dirty at
    `version`. `chunk` is what was sent; `transaction` is the state it left.
    """

    def __init__(self, script: Script, chunk: Chunk, error: ServerError, *, dirty: bool, version: int) -> None:
        self.step = script.step
        self.path: Path | None = self.step.file.path if self.step.file else None
        self.chunk = chunk
        self.error = error
        self.dirty = dirty
        self.version = version
        self.transaction = pq.TransactionStatus.IDLE
        self.hint = error.hint
        self.sqlstate = error.sqlstate
        at = error.position or _statement_at(chunk.text, error)
        place = text_position(script.text, at + chunk.offset) if at else None
        self.line = place.line if place else None
        self.column = place.column if place else None
        super().__init__(_headline(self.path, place, self.step, error), *_story(self, script.text, place))

    @property
    def golang_message(self) -> str:
        """What golang-migrate prints after `error: `."""
        return migration_failed(self.error, self.chunk.text, self.transaction)


def _statement_at(sent: str, error: ServerError) -> int:
    """Return the position, from 1, of the statement that failed; 0 where it cannot be told."""
    statements = split(sent)
    return statements[error.index].start + 1 if 0 <= error.index < len(statements) else 0


def _headline(path: Path | None, place: TextPosition | None, step: Step, error: ServerError) -> str:
    where = f"{path.name if path else step.label}" + (f":{place.line}:{place.column}" if place else "")
    code = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return f"migration {step.label} failed at {where}: {error.message}{code}"


def _story(failed: MigrationFailed, body: str, place: TextPosition | None) -> list[str]:
    error = failed.error
    named = (("DETAIL", error.detail), ("HINT", error.hint), ("CONTEXT", error.context))
    said = [f"{name}: {text}" for name, text in named if text]
    return [*(_excerpt(body, place) if place else []), *said, *_next(failed)]


def _excerpt(body: str, place: TextPosition) -> list[str]:
    """Return the line with a caret below the place, cut to a screen's width around it."""
    line = body.split("\n")[place.line - 1].rstrip("\r").expandtabs(1)
    start = max(0, place.column - _WIDEST // 2)
    prefix = f"{place.line:>5} | "
    shown = line[start : start + _WIDEST]
    return [prefix + shown, " " * (len(prefix) + place.column - 1 - start) + "^"]


def _next(failed: MigrationFailed) -> list[str]:
    if failed.dirty:
        return [
            f"The database is marked dirty at version {failed.version}: the file ran outside a transaction,",
            "so a part of it may be applied.",
            "Next: `repair` looks at what is left and offers the fix.",
        ]
    return [
        f"Rolled back as a whole: {state_of(failed.version)}, and clean.",
        "Next: correct the file and run the command again.",
    ]


def state_of(version: int) -> str:
    """Return words for a version."""
    return "nothing is applied" if version == NIL else f"the database is at version {version}"
