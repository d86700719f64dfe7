"""Statements inside of others: what a DO block runs, also by EXECUTE."""

from collections.abc import Iterator, Sequence

from .statements import Statement, split
from .words import STRINGS, Word, words_of

_VERBS = {"ALTER", "CREATE", "DROP", "REINDEX", "CLUSTER", "VACUUM", "REFRESH", "SET"}
_OPENERS = {"BEGIN", "THEN", "ELSE", "LOOP"}
_UNKNOWN = '"?"'
"""Stands for a name that is known at run time only."""


def with_inner(statements: Sequence[Statement]) -> Iterator[tuple[Statement, bool]]:
    """Yield the statements, and after each DO what its block runs; the latter with True."""
    for statement in statements:
        yield statement, False
        if statement.starts("DO"):
            for inner in _of_block(statement):
                yield inner, True


def _of_block(statement: Statement) -> Iterator[Statement]:
    for word in words_of(statement.text):
        if word.kind in STRINGS:
            opening = word.text.index("$", 1) + 1 if word.kind == "dollar" else word.text.index("'") + 1
            yield from _of_body(_content(word), statement.start + word.start + opening)


def _of_body(body: str, offset: int) -> Iterator[Statement]:
    """Yield the statements of PL/pgSQL that define data, each from its verb on."""
    for piece in split(body):
        words = words_of(piece.text)
        for number, word in enumerate(words):
            if number and words[number - 1].key not in _OPENERS:
                continue
            start = offset + piece.start + word.start
            if word.key in _VERBS:
                yield from _shifted(piece.text[word.start :], start)
                break
            if word.key == "EXECUTE":
                yield from _shifted(_dynamic(words[number + 1 :]), start)
                break


def _shifted(text: str, start: int) -> Iterator[Statement]:
    for each in split(text):
        yield Statement(each.text, start, each.words)


def _dynamic(words: Sequence[Word]) -> str:
    """Return the text that EXECUTE runs, with a name for what is put in at run time."""
    if words[:2] and words[0].key == "FORMAT" and words[1].text == "(":
        literal = next((_content(word) for word in words if word.kind in STRINGS), "")
        return literal.replace("%I.%I", _UNKNOWN).replace("%I", _UNKNOWN).replace("%s", _UNKNOWN).replace("%L", "''")
    text, depth = "", 0
    for word in words:
        depth += (word.text == "(") - (word.text == ")")
        if word.kind in STRINGS and depth == 0:
            text += _content(word)
        elif word.key in {"USING", "INTO"} and depth == 0:
            break
        elif word.text != "|" and not text.endswith(_UNKNOWN):
            text += _UNKNOWN
    return text


def _content(word: Word) -> str:
    if word.kind == "dollar":
        tag = word.text[: word.text.index("$", 1) + 1]
        return word.text[len(tag) : -len(tag)]
    return word.text[word.text.index("'") + 1 : -1].replace("''", "'")
