"""Parameters in the description, in paths, queries and headers.

Swagger UI fills in the `example` and the `default` of a parameter, and those of its schema, and sends what is filled
in. So required parameters have an `example`, and optional ones `examples` in their schema, which it only shows.
"""

import msgspec
from msgspec import Struct

from angidi.http.openapi.schemas import components_of
from angidi.http.openapi.texts import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, PREFER, Json
from angidi.http.routing.answers import shown_by
from angidi.http.routing.routes import Operation
from angidi.resources import Resource


def parameters_of(operation: Operation) -> list[Json]:
    """Return what the operation takes besides its body."""
    inputs = operation.inputs
    parameters = [_path_parameter(operation, name) for name in operation.path_types]
    if inputs.query:
        parameters += _query_parameters(inputs.query[1])
    if inputs.query or inputs.body:
        parameters.append(PREFER)
    if inputs.takes_key:
        parameters.append(IDEMPOTENCY_KEY)
    if inputs.takes_condition:
        parameters.append(IF_MATCH)
    if is_revalidated(operation):
        parameters.append(IF_NONE_MATCH)
    return parameters


def is_revalidated(operation: Operation) -> bool:
    """Tell whether the operation answers conditional requests for a resource."""
    return operation.method == "GET" and issubclass(shown_by(operation.returned), Resource)


def _path_parameter(operation: Operation, name: str) -> Json:
    schema = msgspec.json.schema(operation.path_types[name])
    example = operation.path_examples.get(name, schema.pop("examples")[0])
    description = schema.pop("description", f"the id of a {name.removesuffix('_id')}")
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _query_parameters(query: type[Struct]) -> list[Json]:
    properties: Json = components_of([query], with_defaults=True)[query.__name__]["properties"]
    return [_query_parameter(name, _without_null(schema)) for name, schema in properties.items()]


def _query_parameter(name: str, schema: Json) -> Json:
    description, default = schema.pop("description"), schema.pop("default", None)
    if default is not None:
        description += f"; {default} unless given"
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _without_null(schema: Json) -> Json:
    """Return the schema without null, which a query cannot contain. A `oneOf` says in full what it can."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {
        key: value for key, value in schema.items() if key not in ("anyOf", "default") or (value and key != "anyOf")
    }
    if "enum" in rest:
        rest |= {"type": "string", "enum": [value for value in rest["enum"] if value is not None]}
    if "oneOf" in rest:
        return rest
    return rest | (options[0] if len(options) == 1 else {"anyOf": options} if options else {})
