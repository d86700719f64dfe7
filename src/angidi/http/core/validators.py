"""What is shown by itself, and may be kept by whoever saw it, if they ask each time whether it is still so.

The validator (`ETag`) is made of id and version, and is a strong one: two answers that have the same are the same, byte
for byte. The schema of the answer has its part in it, too: a release may show more of a row that has not changed.
"""

import functools
import json
import zlib

import msgspec

from angidi.resources import Resource


@functools.cache
def form_of(kind: type[Resource]) -> str:
    """Return what stands for the fields of a kind of resource and their types."""
    return f"{zlib.crc32(json.dumps(msgspec.json.schema(kind)).encode()):08x}"
