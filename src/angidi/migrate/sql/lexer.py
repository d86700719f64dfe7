"""PostgreSQL's lexical structure, as far as needed to know where one statement ends.

Understood: comments (nested), '…' with '' inside, E'…' with backslashes and its continuation on further
lines, "…", and dollar quotes. Positions count characters, as the server's do.
`standard_conforming_strings` is taken to be on, as it is everywhere since PostgreSQL 9.1.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

# Letters, and in words digits and $, with all that is not ASCII. Said by what they exclude: Python's compiler of
# patterns takes a millisecond for a range that ends beyond ASCII.
_FIRST = r"[^\x00-@[\\\]^`{-\x7f]"
_LATER = r"[^\x00-#%-/:-@[\\\]^`{-\x7f]"
_LATER_IN_TAG = r"[^\x00-/:-@[\\\]^`{-\x7f]"
_WORD = f"{_FIRST}{_LATER}*+"

_TOKENS = rf"""
      (?P<space>   [ \t\n\r\f]++ )
    | (?P<comment> --[^\n\r]*+ )
    | (?P<block>   /\* )
    | (?P<escape>  [eE]'(?:[^'\\]++|''|\\.)*+'? )
    | (?P<string>  '(?:[^']++|'')*+'? )
    | (?P<quoted>  "(?:[^"]++|"")*+"? )
    | (?P<word>    {_WORD} )
    | (?P<number>  [0-9][0-9A-Za-z_]*+ )
    | (?P<dollar>  \$(?:{_FIRST}{_LATER_IN_TAG}*+)?\$ )
    | (?P<symbol>  . )
"""
_ATOM = r"""
      [ \t\n\r\f]++
    | [0-9][0-9A-Za-z_]*+
    | '(?:[^']++|'')*+'
    | "(?:[^"]++|"")*+"
    | [][,.:*+=<>!~^%@#&|?`{}\\]
    | -(?!-)
    | /(?!\*)
"""
# A word before a quote may be the E of E'…', inside which a backslash escapes.
_PLAIN = rf"(?P<plain> (?: {_ATOM} | \( (?: {_ATOM} | {_WORD} (?!') )*+ \) )++ )"
_ATOM_OR_WORD = rf"{_ATOM} | ({_WORD})"

_FLAGS = re.VERBOSE | re.DOTALL
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_CONTINUED = re.compile(r"(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'")
_REST_OF_ESCAPE = re.compile(r"(?:[^'\\]++|''|\\.)*+'?", re.DOTALL)


class Token(NamedTuple):
    """One token: its kind (a group's name above) and its place. What is never closed ends with the text.

    A comment that is never closed is no comment but of the kind `unclosed`, so that the server sees it.
    """

    kind: str
    start: int
    end: int


def tokens(sql: str) -> Iterator[Token]:
    """Yield the tokens of `sql` in order; together they cover every character."""
    return _scan(sql, _pattern(_TOKENS))


def skim(sql: str) -> Iterator[Token]:
    """Yield the tokens of `sql`, but those of a plain stretch as one token of kind `plain`.

    Such a stretch has no comments, no semicolons, balanced parentheses, and words inside of these only. The rows of
    an INSERT are one, which is why this is twenty times as fast as `tokens` on the large files that hold data.
    """
    return _scan(sql, _pattern(f"{_PLAIN} | {_TOKENS}"))


def plain_words(text: str) -> list[str]:
    """Return the words of a plain stretch."""
    return [word for word in _pattern(_ATOM_OR_WORD).findall(text) if word]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compile at first use: it takes longer than running a small migration."""
    return re.compile(text, _FLAGS)


def _scan(sql: str, pattern: re.Pattern[str]) -> Iterator[Token]:
    at = 0
    while match := pattern.match(sql, at):
        kind = match.lastgroup or "symbol"
        end = _END[kind](sql, match) if kind in _END else match.end()
        yield Token(kind if end >= 0 else "unclosed", at, end if end >= 0 else len(sql))
        at = end if end >= 0 else len(sql)


def _end_of_block(sql: str, match: re.Match[str]) -> int:
    depth, at = 1, match.end()
    while depth and (edge := _BLOCK_EDGE.search(sql, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return -1 if depth else at


def _end_of_dollar(sql: str, match: re.Match[str]) -> int:
    at = sql.find(match[0], match.end())
    return len(sql) if at < 0 else at + len(match[0])


def _end_of_escape(sql: str, match: re.Match[str]) -> int:
    """Return the end of E'…', with the parts that continue it: there, backslashes go on escaping."""
    end = match.end()
    while more := _CONTINUED.match(sql, end):
        rest = _REST_OF_ESCAPE.match(sql, more.end())
        end = rest.end() if rest else more.end()
    return end


_END = {"block": _end_of_block, "dollar": _end_of_dollar, "escape": _end_of_escape}
