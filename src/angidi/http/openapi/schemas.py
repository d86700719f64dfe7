"""Schemas in the description: msgspec's, where they say how JSON is read and written here."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from angidi.http.core.responses import Data, Failure
from angidi.http.openapi.texts import Json
from angidi.http.routing.answers import shown_by
from angidi.http.routing.routes import Operation

_REF = "#/components/schemas/{name}"


def reference(name: str) -> Json:
    """Return a reference to a schema among the components."""
    return {"$ref": _REF.format(name=name)}


def schemas_of(operations: Iterable[Operation]) -> Json:
    """Return the schemas of all that the operations take and return, by name."""
    types: list[Any] = [Failure]
    for operation in operations:
        body = operation.inputs.body
        types += [body[1]] if body else []
        shown = shown_by(operation.returned)
        types += [] if shown is type(None) else [Data[shown]]
    return components_of(types)


def components_of(types: Sequence[Any], *, with_defaults: bool = False) -> Json:
    """Return msgspec's schemas of `types`. A Decimal is a number, because it is encoded as one.

    Fields have no default: generators of typed clients make such a field a required one.
    """
    _, components = msgspec.json.schema_components(types, ref_template=_REF)
    return json.loads(json.dumps(components), object_hook=partial(_adapted, with_defaults=with_defaults))


def _adapted(schema: Json, *, with_defaults: bool) -> Json:
    if not with_defaults and not isinstance(schema.get("default", {}), dict):
        del schema["default"]
    if "type" not in schema and all(isinstance(value, str) for value in schema.get("enum", [None])):
        schema["type"] = "string"
    if schema.get("format") != "decimal":
        return schema
    return {**{key: value for key, value in schema.items() if key != "format"}, "type": "number"}
