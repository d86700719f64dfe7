"""One migration file, read and ready to run."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from angidi.migrate.sql.classify import ExecutionMode, execution_mode, is_wrapped
from angidi.migrate.sql.statements import Statement, split

from .steps import Step


@dataclass(frozen=True)
class Chunk:
    """What is sent at once: its text, and how many characters of the file come before it."""

    text: str
    offset: int = 0


@dataclass(frozen=True)
class Script:
    """The body of a step's file; empty where the step has no file."""

    step: Step
    body: bytes

    @cached_property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is kept in a form that encodes back to the same bytes."""
        return self.body.decode("utf-8", "surrogateescape")

    @cached_property
    def statements(self) -> list[Statement]:
        """The body's statements."""
        return split(self.text)

    @property
    def checksum(self) -> str | None:
        """The SHA-256 of the file in hexadecimal, None without one."""
        return sha256(self.body).hexdigest() if self.step.file else None

    @cached_property
    def execution_mode(self) -> ExecutionMode:
        """How the file can be run."""
        return execution_mode(self.text, self.statements)

    def prepare(self) -> None:
        """Read the text through, which takes a second for some megabytes, so that it is not done later."""
        _ = self.execution_mode

    @property
    def blank(self) -> bool:
        """Whether there is nothing to send."""
        return not self.text or self.text.isspace()  # strip() would copy all of a large file

    def transaction_body(self) -> Chunk:
        """Return what an atomic file does, for a transaction of ours: without the COMMIT that may end it."""
        return Chunk(self.text[: self.statements[-1].start] if is_wrapped(self.statements) else self.text)

    def whole(self) -> list[Chunk]:
        """Return the file as one chunk."""
        return [Chunk(self.text)]

    def per_statement(self) -> list[Chunk]:
        """Return one chunk for each statement."""
        return [Chunk(statement.text, statement.start) for statement in self.statements]

    def body_statements(self) -> list[Chunk]:
        """Return the statements of an atomic file, without the BEGIN and COMMIT that may be around them."""
        return self.per_statement()[1:-1] if is_wrapped(self.statements) else self.per_statement()

    def golang_split(self) -> list[Chunk]:
        """Return what golang-migrate's multi-statement mode sends: the file cut after every semicolon."""
        chunks: list[Chunk] = []
        offset = 0
        for part in self.text.split(";"):
            end = min(offset + len(part) + 1, len(self.text))
            chunks.append(Chunk(self.text[offset:end], offset))
            offset = end
        return [chunk for chunk in chunks if chunk.text.strip()]
