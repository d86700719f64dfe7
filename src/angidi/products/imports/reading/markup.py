"""HTML as plain text, in time that grows with its length: files come from strangers.

Python's `HTMLParser` looks again and again for the end of what never ends, such as `<!--<!--<!--`.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_BLOCKS = """
    address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr
    li main nav ol p pre section table tr ul
"""
"""Elements that begin a line."""

_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"script", "style", "template", "title", "head"})
_RAW = {name: re.compile(f"</{name}[ \t\n\r\f/>]", re.IGNORECASE) for name in ("script", "style")}
"""Elements whose content has no tags, and where it ends."""

# A quotation mark counts only behind an equals sign. Nothing here is tried twice: each part keeps what it has taken.
_TAG = re.compile(r"<(/?+)([a-zA-Z][^\t\n\r\f />]*+)((?:[^>=]|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)>")
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{20,}|[xX][0-9a-fA-F]{20,});?")
"""A character that is none; Python refuses to read numbers of thousands of digits."""


class _Tag(NamedTuple):
    """A tag, by its name in small letters."""

    name: str
    is_closing: bool
    is_empty: bool


def plain_text(html: str) -> str:
    """Return what a reader sees of `html`: one line for each block, without markup, entities resolved."""
    if "<" not in html and "&" not in html:
        return html
    lines = (" ".join(line.split()) for line in "".join(_parts(html)).split("\n"))
    return "\n".join(line for line in lines if line)


def _parts(html: str) -> Iterator[str]:
    """Yield the text that is seen, and what separates it."""
    blocks, unseen = frozenset(_BLOCKS.split()), 0
    for token in _tokens(html):
        if isinstance(token, str):
            if not unseen:
                yield token
            continue
        if token.name in blocks:
            yield "\n"
        elif token.name in _CELLS:
            yield " "
        if token.name in _UNSEEN and not token.is_empty:
            unseen = max(0, unseen + (-1 if token.is_closing else 1))


def _tokens(html: str) -> Iterator[str | _Tag]:
    """Yield texts, entities resolved, and tags, but no comments and declarations."""
    position, last = 0, max(0, html.rfind(">"))
    while (start := html.find("<", position, last)) >= 0:  # behind the last > nothing is markup
        yield _text(html[position:start])
        if found := _TAG.match(html, start):
            tag = _Tag(found[2].lower(), bool(found[1]), found[3].endswith("/"))
            position = _end_of_raw(html, tag, found.end())
            yield tag
        else:
            position = _end_of_other(html, start)
            if position == start + 1:
                yield "<"
    yield _text(html[position:])


def _text(html: str) -> str:
    return unescape(_LONG_NUMBER.sub("\ufffd", html)).replace("\n", " ")


def _end_of_raw(html: str, tag: _Tag, position: int) -> int:
    """Return where to go on behind a tag that ends at `position`: at the end of its content if that has no tags."""
    if tag.is_closing or tag.is_empty or tag.name not in _RAW:
        return position
    end = _RAW[tag.name].search(html, position)
    return end.start() if end else len(html)


def _end_of_other(html: str, start: int) -> int:
    """Return where the comment or declaration at `start` ends; what follows a sign that only means “less than”."""
    if html.startswith("<!--", start):
        end = html.find("-->", start + 2)
        return end + 3 if end >= 0 else len(html)
    return html.find(">", start) + 1 if html[start + 1] in "!?/" or html[start + 1].isalpha() else start + 1
