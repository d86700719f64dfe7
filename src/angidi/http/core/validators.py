"""Validators (`ETag`) of single resources.

A validator is made of id, version and schema, and is a strong one: two answers with the same validator have the same
bytes. The schema is part of it, because a release may add fields to the answer for a row that has not changed.
"""

import functools
import json
import zlib

import msgspec

from angidi.resources import Resource


@functools.cache
def schema_checksum(kind: type[Resource]) -> str:
    """Return a checksum of the fields of a kind of resource and their types."""
    return f"{zlib.crc32(json.dumps(msgspec.json.schema(kind)).encode()):08x}"
