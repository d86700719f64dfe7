"""Links between the pages of a list, in the `Link` header (RFC 8288)."""

import re
from urllib.parse import unquote_plus

_UNSAFE = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9%!$&'()*+=:@/?._~-]")
"""Bytes to escape: what a URL must not contain (RFC 3986), and comma and semicolon, where some split the header."""

LONGEST = 4096
"""Maximum characters of the header. A longer one is omitted: proxies refuse it, and the body has the cursor, too."""

_PLACES = ("page", "cursor")


def between_pages(path: str, query: bytes, next_cursor: str | None) -> str:
    """Return the links to the first page and, where there is one, to the next by its cursor.

    They are absolute paths, so that a proxy may have any name, and keep all other parameters as they were sent.
    """
    at = _quoted(path.encode())
    parts = _quoted(query).split("&") if query else []
    kept = [part for part in parts if part and unquote_plus(part.partition("=")[0]) not in _PLACES]
    first = f'<{"?".join(filter(None, (at, "&".join(kept))))}>; rel="first"'
    if not next_cursor:
        return first
    return f'<{at}?{"&".join([*kept, f"cursor={next_cursor}"])}>; rel="next", {first}'


def _quoted(raw: bytes) -> str:
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")
