"""A file cut into statements."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .lexer import Token, plain_words, skim

_SKIPPED = {"space", "comment", "block"}
_SPACE = " \t\n\r\f"
_ROUTINES = {"FUNCTION", "PROCEDURE"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its text from its first token to its last, and where that text starts.

    `words` are its unquoted words in upper case, those inside parentheses and bodies included; but of an INSERT not all
    of those in its rows, which are constants.
    """

    text: str
    start: int
    words: tuple[str, ...]

    def starts(self, *words: str) -> bool:
        """Say whether the statement begins with these words."""
        return self.words[: len(words)] == words


def split(sql: str) -> list[Statement]:
    """Return the statements of `sql`, in order; comments between them, and empty ones, are left out."""
    return list(_statements(sql))


@dataclass(slots=True)
class _Reader:
    """What has been seen of the statement being read."""

    sql: str
    start: int = -1
    parens: int = 0
    blocks: int = 0
    words: list[str] = field(default_factory=list[str])

    def read(self, token: Token) -> bool:
        """Take in one token; True where it is the semicolon that ends the statement."""
        if token.kind == "plain" and self.words[:1] == ["INSERT"]:
            return False  # rows: reading megabytes of NULL would take longer than all the rest
        text = self.sql[token.start : token.end]
        if text == ";" and not self.parens and not self.blocks:
            return True
        if self.start < 0:
            self.start = token.start
        if token.kind == "word":
            self._word(text.upper())
        elif token.kind == "plain":
            self.words += map(str.upper, plain_words(text))
        elif token.kind == "symbol":
            self.parens = max(0, self.parens + (text == "(") - (text == ")"))
        return False

    def _word(self, word: str) -> None:
        if not self.parens and self._is_routine():
            self.blocks += self._opens(word) - (word == "END" and self.blocks > 0)
        self.words.append(word)

    def _opens(self, word: str) -> bool:
        """Tell BEGIN ATOMIC, and CASE inside of it: each is closed by an END."""
        return (word == "ATOMIC" and self.words[-1:] == ["BEGIN"]) or (word == "CASE" and self.blocks > 0)

    def _is_routine(self) -> bool:
        named = self.words[3:4] if self.words[1:3] == ["OR", "REPLACE"] else self.words[1:2]
        return self.words[:1] == ["CREATE"] and bool(_ROUTINES & {*named})

    def statement(self, end: int) -> Statement:
        """Return what was read."""
        return Statement(self.sql[self.start : end], self.start, tuple(self.words))


def _statements(sql: str) -> Iterator[Statement]:
    reader, end = _Reader(sql), 0
    for token in filter(None, (_trimmed(sql, each) for each in skim(sql))):
        if reader.read(token):
            if reader.start >= 0:
                yield reader.statement(end)
            reader = _Reader(sql)
        end = token.end
    if reader.start >= 0:
        yield reader.statement(end)


def _trimmed(sql: str, token: Token) -> Token | None:
    """Return the token without the space around it; None where it is nothing but space or a comment."""
    if token.kind in _SKIPPED:
        return None
    if token.kind != "plain":
        return token
    start, end = token.start, token.end
    while start < end and sql[start] in _SPACE:
        start += 1
    while start < end and sql[end - 1] in _SPACE:
        end -= 1
    return Token("plain", start, end) if start < end else None
