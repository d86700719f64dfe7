"""The words of a statement, for reading it from left to right: names, keywords and what is in parentheses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .lexer import tokens

_SKIPPED = {"space", "comment", "block"}
STRINGS = {"string", "escape", "dollar"}


class Word(NamedTuple):
    """A token: its kind as in the lexer, its text, its place in the statement."""

    kind: str
    text: str
    start: int

    @property
    def key(self) -> str:
        """The word as a keyword, in upper case; a quoted name is none."""
        return self.text.upper() if self.kind != "quoted" else ""

    @property
    def name(self) -> str:
        """The word as a name: folded to lower case, or without its quotes."""
        return self.text[1:-1].replace('""', '"') if self.kind == "quoted" else self.text.lower()


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and its schema where that is written; both as the server keeps them."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        """Return it with its schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def quoted(self) -> str:
        """Return it as SQL."""
        return ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' for part in (self.schema, self.name) if part)

    def means(self, other: "Name") -> bool:
        """Tell whether both may be one object: a schema that is not written may be any."""
        return self.name == other.name and (None in {self.schema, other.schema} or self.schema == other.schema)


def words_of(text: str) -> list[Word]:
    """Return the words of a statement; comments are left out."""
    return [Word(kind, text[start:end], start) for kind, start, end in tokens(text) if kind not in _SKIPPED]


def until(words: Sequence[Word], stops: set[str]) -> list[Word]:
    """Return the words before the first outside of parentheses that is one of `stops`."""
    depth = 0
    for number, word in enumerate(words):
        if depth == 0 and number and word.key in stops:
            return list(words[:number])
        depth += (word.text in "([") - (word.text in ")]")
    return list(words)


def parts(words: Sequence[Word]) -> list[list[Word]]:
    """Return the words between the commas that stand outside of parentheses."""
    found: list[list[Word]] = [[]]
    depth = 0
    for word in words:
        depth += (word.text in "([") - (word.text in ")]")
        if word.text == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(word)
    return [each for each in found if each]


def inside(words: Sequence[Word]) -> list[Word]:
    """Return the words inside of the parentheses that begin at the first word."""
    depth = 0
    for number, word in enumerate(words):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0:
            return list(words[1:number])
    return list(words[1:])


def text_of(words: Sequence[Word]) -> str:
    """Return the words with spaces between them."""
    return " ".join(word.text for word in words)


@dataclass(slots=True)
class WordReader:
    """Reads words from left to right."""

    words: Sequence[Word]
    at: int = 0

    def rest(self) -> list[Word]:
        """Return the words that are not read yet."""
        return list(self.words[self.at :])

    def peek(self, ahead: int = 0) -> str:
        """Return a keyword that comes, "" at the end and for a quoted name."""
        at = self.at + ahead
        return self.words[at].key if at < len(self.words) else ""

    def accept(self, *keys: str) -> bool:
        """Read these keywords, if they all come next."""
        if any(self.peek(number) != key for number, key in enumerate(keys)):
            return False
        self.at += len(keys)
        return True

    def any(self, *keys: str) -> str:
        """Read the next keyword, if it is one of these."""
        found = self.peek()
        return found if found in keys and self.accept(found) else ""

    def name(self) -> Name | None:
        """Read a name, which may have a schema."""
        if not self._is_name():
            return None
        names = [self.words[self.at].name]
        self.at += 1
        while self.peek() == "." and self._is_name(1):
            names.append(self.words[self.at + 1].name)
            self.at += 2
        return Name(names[-2] if len(names) > 1 else None, names[-1])

    def column(self) -> str:
        """Read a name without a schema, "" where none comes."""
        if not self._is_name():
            return ""
        self.at += 1
        return self.words[self.at - 1].name

    def _is_name(self, ahead: int = 0) -> bool:
        at = self.at + ahead
        return at < len(self.words) and self.words[at].kind in {"word", "quoted"}
