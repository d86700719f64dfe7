"""HTML as plain text, in time that grows with its length: files come from strangers.

Python's `HTMLParser` looks again and again for the end of what never ends, such as `<!--<!--<!--`.
"""

import re
from collections.abc import Iterator
from html import unescape

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


def plain_text(html: str) -> str:
    """Return what a reader sees of `html`: one line for each block, without markup, entities resolved."""
    if "<" not in html and "&" not in html:
        return html
    lines = (" ".join(line.split()) for line in "".join(_parts(html)).split("\n"))
    return "\n".join(line for line in lines if line)


def _parts(html: str) -> Iterator[str]:
    """Yield the text that is seen, and what separates it."""
    blocks, unseen, position, last = frozenset(_BLOCKS.split()), 0, 0, max(0, html.rfind(">"))
    while position < len(html):
        start = html.find("<", position, last)  # behind the last > nothing is markup
        if not unseen:
            yield _text(html[position : start if start >= 0 else None])
        if start < 0:
            return
        tag = _TAG.match(html, start)
        if tag is None:
            position = _end_of_other(html, start)
            if position == start + 1 and not unseen:
                yield "<"
            continue
        name, position, is_empty = tag[2].lower(), tag.end(), tag[3].endswith("/")
        if name in blocks:
            yield "\n"
        elif name in _CELLS:
            yield " "
        if is_empty:
            continue
        unseen = max(0, unseen + (-1 if tag[1] else 1) * (name in _UNSEEN))
        if name in _RAW and not tag[1]:
            end = _RAW[name].search(html, position)
            position = end.start() if end else len(html)


def _text(html: str) -> str:
    return unescape(_LONG_NUMBER.sub("\ufffd", html)).replace("\n", " ")


def _end_of_other(html: str, start: int) -> int:
    """Return where a comment or a declaration ends that begins at `start`; what follows a sign that means less."""
    if html.startswith("<!--", start):
        end = html.find("-->", start + 2)
        return end + 3 if end >= 0 else len(html)
    return html.find(">", start) + 1 if html[start + 1] in "!?/" or html[start + 1].isalpha() else start + 1
