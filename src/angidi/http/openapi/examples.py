"""Examples in the description: composed of the examples of the fields, and of what an operation says otherwise."""

from collections.abc import Mapping
from typing import Any

from angidi import errors
from angidi.errors import AngidiError
from angidi.http.openapi.texts import Json

_SELDOM = frozenset({"deleted_at", "total_is_estimate", "children"})
"""Fields that an ordinary answer does not have; examples leave them out."""


def example_of(schema: Json, schemas: Json) -> Any:
    """Return a value that fits `schema`, composed of the examples of its fields."""
    if values := schema.get("examples", schema.get("enum")):
        return values[0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {
            name: example_of(part, schemas)
            for name, part in schema.get("properties", {}).items()
            if name not in _SELDOM
        }
    return {"integer": 1, "boolean": True, "null": None}.get(str(schema.get("type")), "text")


def answer_of(schema: Json, schemas: Json, differences: Mapping[str, Any] | None = None) -> Any:
    """Return an example of a successful answer, whose data is as usual but for the `differences`."""
    answer = example_of(schema, schemas)
    return {"data": {**answer["data"], **differences}} if differences else answer


def failure_of(error: type[AngidiError]) -> Json:
    """Return an example of the answer to an error."""
    body: Json = {
        "code": error.code,
        "message": error.message,
        "request_id": "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a12",
    }
    if error is errors.Invalid:
        body["details"] = [{"field": "name", "message": "is required"}]
    return {"error": body}
