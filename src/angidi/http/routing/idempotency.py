"""The header `Idempotency-Key`: a request that comes again gets the answer that it got before."""

import hashlib
import re

from angidi.errors import FieldError, Invalid
from angidi.http.core.request import Request
from angidi.http.core.responses import Response
from angidi.idempotency.models import Key

HEADER = b"idempotency-key"
_KEY = re.compile(rb"[\x20-\x7e]{1,255}")
_REPLAYED = (b"idempotent-replayed", b"true")


def read_key(request: Request) -> Key | None:
    """Return the key of the request, which belongs to its account; None without the header. Raises `Invalid`."""
    if HEADER not in request.fields:
        return None
    given = request.joined(HEADER).strip()
    if not _KEY.fullmatch(given):
        raise Invalid(details=[FieldError("Idempotency-Key", "must be 1 to 255 printable ASCII characters")])
    return Key(request.principal.id, given.decode(), _hash(request))


def mark_replay(response: Response, key: Key | None) -> Response:
    """Return the response, with a header if it is the one that was kept for the key."""
    if key and key.is_replay:
        response.headers.append(_REPLAYED)
    return response


def _hash(request: Request) -> bytes:
    """Return a hash of all that makes this the same request."""
    parts = (request.method.encode(), request.path.encode(), request.query, request.body)
    return hashlib.sha256(b"\0".join(b"%d:%s" % (len(part), part) for part in parts)).digest()
