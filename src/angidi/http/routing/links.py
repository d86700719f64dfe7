"""Links between the pages of a list, in the `Link` header (RFC 8288)."""

import re
from typing import TypeVar
from urllib.parse import unquote_plus

from litestar import Response

from angidi.http.core.responses import Data, JSONResponse
from angidi.http.routing.requests import AnyRequest
from angidi.pagination.pages import PageInfo

P = TypeVar("P", bound=PageInfo)

_UNSAFE = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9%!$&'()*+=:@/?._~-]")
"""What may not stand in a URL as it is (RFC 3986), and comma and semicolon, at which some split the header itself."""

LONGEST = 4096
"""Characters of the header, above which it is left out: proxies refuse long ones, and the cursor is in the body too."""

_PLACES = ("page", "cursor")


def listed(request: AnyRequest, page: P) -> Response[Data[P]]:
    """Answer with a page and its links."""
    links = between_pages(request.scope["path"], request.scope["query_string"], page.next_cursor or None)
    return JSONResponse(Data(page), headers={"Link": links} if len(links) <= LONGEST else {})


def between_pages(path: str, query: bytes, next_cursor: str | None) -> str:
    """Return the links to the first page and, where there is one, to the next by its cursor.

    They are absolute paths, so that a proxy may have any name, and keep all other parameters as they were sent.
    """
    at = _quoted(path.encode())
    kept = [part for part in _quoted(query).split("&") if part and not _is_place(part)]
    links = [_link(at, kept, "first")]
    if next_cursor:
        links.insert(0, _link(at, [*kept, f"cursor={next_cursor}"], "next"))
    return ", ".join(links)


def _link(path: str, query: list[str], relation: str) -> str:
    return f'<{path}{"?" if query else ""}{"&".join(query)}>; rel="{relation}"'


def _is_place(part: str) -> bool:
    return unquote_plus(part.partition("=")[0]) in _PLACES


def _quoted(raw: bytes) -> str:
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")
