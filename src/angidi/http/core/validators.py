"""What is shown by itself, and may be kept by whoever saw it, if they ask each time whether it is still so.

The validator (`ETag`) is made of id and version, and is a strong one: two answers that have the same are the same, byte
for byte. The schema of the answer has its part in it, too: a release may show more of a row that has not changed.
"""

import functools
import json
import zlib

import msgspec

from angidi.resources import Resource

Headers = list[tuple[bytes, bytes]]


def headers_of(shown: Resource, *, kept: bool) -> Headers:
    """Return the headers that go with a resource; `kept`: a cache may keep the answer, and has to ask each time."""
    form, cache_control = _of_kind(type(shown))
    etag = (b"etag", f'"{shown.state()}-{form}"'.encode())
    return [etag, cache_control] if kept else [etag]


@functools.cache
def _of_kind(kind: type[Resource]) -> tuple[str, tuple[bytes, bytes]]:
    """Return what stands for the fields of a kind of resource and their types, and whose caches may keep one."""
    form = zlib.crc32(json.dumps(msgspec.json.schema(kind)).encode())
    return f"{form:08x}", (b"cache-control", f"{kind.audience}, no-cache".encode())
