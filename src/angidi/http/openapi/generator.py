"""The OpenAPI 3.1 description, made from the operations: what their handlers take and return, and their errors.

The types' schemas are msgspec's; an operation's example is composed of the examples of its fields.
"""

import inspect
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from angidi import __version__, errors
from angidi.errors import AngidiError
from angidi.http.core.errors import RateLimited, status_of
from angidi.http.core.responses import Data, Failure
from angidi.http.openapi.texts import ABOUT, ETAG, IF_NONE_MATCH, LINK, NOT_MODIFIED, PREFER, Json
from angidi.http.routing.answers import shown_by
from angidi.http.routing.guards import TokenMisplaced, TokenMissing
from angidi.http.routing.routes import PARAMETER, Operation
from angidi.pagination.pages import PageInfo
from angidi.resources import Resource
from angidi.security.tokens import TokenExpired, TokenInvalid

_REF = "#/components/schemas/{name}"
_EVERYWHERE: tuple[type[AngidiError], ...] = (RateLimited, AngidiError, errors.Unavailable)
_WITH_TOKEN: tuple[type[AngidiError], ...] = (TokenMissing, TokenMisplaced, TokenExpired, TokenInvalid)
_WITH_BODY: tuple[type[AngidiError], ...] = (errors.Invalid, errors.Malformed, errors.TooLarge)
_SELDOM = frozenset({"deleted_at", "total_is_estimate", "children"})
"""Fields that an ordinary answer does not have; examples leave them out."""

_SUCCESS = {200: "Done.", 201: "Created.", 204: "Done; there is no body."}


def describe(operations: Iterable[Operation]) -> Json:
    """Return the description of those of the `operations` that are documented."""
    listed = [operation for operation in operations if operation.is_documented]
    schemas = _schemas(listed)
    names = Counter(operation.handler.__name__ for operation in listed)
    paths: Json = {}
    for operation in listed:
        is_only = names[operation.handler.__name__] == 1
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas, is_only=is_only)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Angidi",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(operation: Operation, schemas: Json, *, is_only: bool) -> Json:
    inputs = operation.inputs
    name = operation.handler.__name__
    described: Json = {
        "operationId": name if is_only else name + operation.path.replace("/", "_"),
        **_about(operation),
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if inputs.body:
        schema = {"$ref": _REF.format(name=inputs.body[1].__name__)}
        content = {"schema": schema, "example": _example(schema, schemas)}
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    if inputs.guard and inputs.guard[1].is_required:
        described["security"] = [{"bearer": []}]
    return described


def _about(operation: Operation) -> Json:
    """Return the first line of the function's docstring as summary, and the rest as description."""
    summary, *rest = (inspect.getdoc(operation.handler) or "").split("\n\n")
    description = "\n\n".join(paragraph.replace("\n", " ") for paragraph in rest)
    return {"summary": summary, "description": description} if rest else {"summary": summary}


def _parameters(operation: Operation) -> list[Json]:
    inputs = operation.inputs
    parameters = [_path_parameter(name) for name in PARAMETER.findall(operation.path)]
    if inputs.query:
        parameters += _query_parameters(inputs.query[1])
    if inputs.query or inputs.body:
        parameters.append(PREFER)
    if _is_revalidated(operation):
        parameters.append(IF_NONE_MATCH)
    return parameters


def _schemas(operations: Sequence[Operation]) -> Json:
    types: list[Any] = [Failure]
    for operation in operations:
        body = operation.inputs.body
        types += [body[1]] if body else []
        shown = shown_by(operation.returned)
        types += [] if shown is type(None) else [Data[shown]]
    return _components(types)


def _components(types: Sequence[Any]) -> Json:
    """Return msgspec's schemas of `types`; a Decimal is a number, because it is encoded as one."""
    _, components = msgspec.json.schema_components(types, ref_template=_REF)
    return json.loads(json.dumps(components), object_hook=_with_numbers)


def _with_numbers(schema: Json) -> Json:
    if schema.get("format") != "decimal":
        return schema
    return {**{key: value for key, value in schema.items() if key != "format"}, "type": "number"}


def _path_parameter(name: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "example": "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22",
    }


def _query_parameters(query: type[Struct]) -> list[Json]:
    properties: Json = _components([query])[query.__name__]["properties"]
    return [_query_parameter(name, _without_null(found)) for name, found in properties.items()]


def _query_parameter(name: str, schema: Json) -> Json:
    parameter: Json = {"name": name, "in": "query", "required": False, "schema": schema}
    if description := schema.pop("description", None):
        parameter["description"] = description
    if examples := schema.pop("examples", None):
        parameter["example"] = examples[0]
    return parameter


def _without_null(schema: Json) -> Json:
    """Return the schema without null, which a query cannot contain."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {
        key: value for key, value in schema.items() if key not in ("anyOf", "default") or (value and key != "anyOf")
    }
    if "enum" in rest:
        rest["enum"] = [value for value in rest["enum"] if value is not None]
    return rest | (options[0] if len(options) == 1 else {"anyOf": options} if options else {})


def _responses(operation: Operation, schemas: Json) -> Json:
    shown = shown_by(operation.returned)
    success: Json = {"description": _SUCCESS[operation.status]}
    if operation.text:
        content_type, example = operation.text
        success["content"] = {content_type: {"schema": {"type": "string"}, "example": example}}
    if shown is not type(None):
        schema = {"$ref": _REF.format(name=f"Data_{shown.__name__}_")}
        success["content"] = {"application/json": {"schema": schema, "example": _example(schema, schemas)}}
        success |= _headers(shown)
    responses = {str(operation.status): success, **_failures(_errors(operation))}
    if _is_revalidated(operation):
        responses["304"] = NOT_MODIFIED
    for status, description in operation.also.items():
        responses[str(status)] = success | {"description": description}
    return {status: responses[status] for status in sorted(responses)}


def _headers(shown: type[Any]) -> Json:
    if issubclass(shown, PageInfo):
        return {"headers": {"Link": LINK}}
    return {"headers": {"ETag": ETAG}} if issubclass(shown, Resource) else {}


def _is_revalidated(operation: Operation) -> bool:
    """Tell whether the operation answers conditional requests for a resource."""
    return operation.method == "GET" and issubclass(shown_by(operation.returned), Resource)


def _errors(operation: Operation) -> list[type[AngidiError]]:
    """Return what the operation declares, and what its inputs imply."""
    inputs = operation.inputs
    found: list[type[AngidiError]] = [*operation.errors, *_EVERYWHERE]
    if inputs.query:
        found.append(errors.Invalid)
    if inputs.body:
        found += _WITH_BODY
    if inputs.guard:
        found += _WITH_TOKEN
        found += [errors.Forbidden] if inputs.guard[1].forbids else []
    return found


def _failures(found: Iterable[type[AngidiError]]) -> Json:
    by_status: dict[str, Json] = {}
    for error in found:
        examples = by_status.setdefault(str(status_of(error)), {})
        examples[error.code] = {"value": _failure(error)}
    return {status: _failure_response(examples) for status, examples in by_status.items()}


def _failure(error: type[AngidiError]) -> Json:
    body: Json = {
        "code": error.code,
        "message": error.message,
        "request_id": "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11",
    }
    if error is errors.Invalid:
        body["details"] = [{"field": "name", "message": "is required"}]
    return {"error": body}


def _failure_response(examples: Json) -> Json:
    content = {"schema": {"$ref": _REF.format(name="Failure")}, "examples": examples}
    return {"description": ", ".join(sorted(examples)), "content": {"application/json": content}}


def _example(schema: Json, schemas: Json) -> Any:
    """Return a value that fits `schema`, composed of the examples of its fields."""
    if values := schema.get("examples", schema.get("enum")):
        return values[0]
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {name: _example(part, schemas) for name, part in schema["properties"].items() if name not in _SELDOM}
    return {"integer": 1, "boolean": True, "null": None}.get(str(schema.get("type")), "text")
