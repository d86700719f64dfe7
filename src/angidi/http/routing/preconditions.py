"""The header `If-Match` (RFC 9110, section 13.1.1): a change only of what the client has seen."""

import re

from angidi.http.core.request import Request
from angidi.http.core.validators import state_of
from angidi.resources import Precondition

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class Preconditions:
    """Reads the preconditions of requests. With `are_required`, a resource that is there is not changed without one."""

    def __init__(self, *, are_required: bool) -> None:
        self._are_required = are_required

    def read(self, request: Request) -> Precondition | None:
        """Return the condition of the request; None if it has none.

        A weak tag never matches, and neither does a header that is no list of tags.
        """
        header = request.joined(b"if-match").decode("latin-1").strip()
        if header == "*":
            return Precondition(None)
        if header:
            tags = _TAG.findall(header) if _is_list(header) else []
            return Precondition(tuple(state_of(tag) for weak, tag in tags if not weak))
        return Precondition((), is_missing=True) if self._are_required else None


def _is_list(header: str) -> bool:
    return not _TAG.sub("", header).strip(" \t,")
