"""Validators (`ETag`) of single resources.

A validator is made of id, version and schema, and is a strong one: two answers with the same validator have the same
bytes. The schema is part of it, because a release may add fields to the answer for a row that has not changed.
"""

import functools
import json
import zlib

import msgspec

from angidi.resources import Resource

COMPRESSED = "-gzip"
"""What the validator of a compressed answer ends with."""


def etag(resource: Resource) -> str:
    """Return the validator of a resource, with its quotation marks."""
    return f'"{resource.state()}-{schema_checksum(type(resource))}"'


def state_of(opaque: str) -> str:
    """Return the state in a validator that `etag` made, without quotation marks, of whichever form of the answer."""
    return opaque.removesuffix(COMPRESSED).rpartition("-")[0]


@functools.cache
def schema_checksum(kind: type[Resource]) -> str:
    """Return a checksum of the fields of a kind of resource and their types."""
    return f"{zlib.crc32(json.dumps(msgspec.json.schema(kind)).encode()):08x}"
