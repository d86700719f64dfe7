"""The OpenAPI 3.1 description, made from the handlers: their types, guards, dependencies and declared errors.

The types' schemas are msgspec's; an operation's example is composed of the examples of its fields.
"""

import inspect
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, cast, get_args, get_type_hints

import msgspec
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from angidi import __version__, errors
from angidi.errors import AngidiError
from angidi.http.core.errors import RateLimited, status_of
from angidi.http.core.responses import Data, Failure
from angidi.http.openapi.texts import ABOUT, ETAG, IF_NONE_MATCH, LINK, NOT_MODIFIED, PREFER, Json
from angidi.http.routing.guards import TokenMisplaced, TokenMissing, admin, bearer
from angidi.pagination.pages import PageInfo
from angidi.resources import Resource
from angidi.security.tokens import TokenExpired, TokenInvalid

_PATH_PARAMETER = re.compile(r"\{(\w+):\w+\}")
_REF = "#/components/schemas/{name}"
_EVERYWHERE: tuple[type[AngidiError], ...] = (RateLimited, AngidiError, errors.Unavailable)
_WITH_TOKEN: tuple[type[AngidiError], ...] = (TokenMissing, TokenMisplaced, TokenExpired, TokenInvalid)
_WITH_BODY: tuple[type[AngidiError], ...] = (errors.Invalid, errors.Malformed, errors.TooLarge)
_SELDOM = frozenset({"deleted_at", "total_is_estimate", "children"})
"""Fields that an ordinary answer does not have; examples leave them out."""

_SUCCESS = {200: "Done.", 201: "Made.", 204: "Done; there is nothing to show."}


def describe(handlers: Iterable[HTTPRouteHandler], base_path: str) -> Json:
    """Return the description of `handlers`, those of the features below `base_path`."""
    listed = [handler for handler in handlers if handler.include_in_schema is not False]
    schemas = _schemas(listed)
    paths: Json = {}
    for handler in listed:
        for path in sorted(handler.paths):
            full = path if "tags" in handler.opt else base_path + path
            where = paths.setdefault(_PATH_PARAMETER.sub(r"{\1}", full), {})
            for method in sorted(handler.http_methods):
                where[method.lower()] = _operation(handler, full, schemas)
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


def _operation(handler: HTTPRouteHandler, path: str, schemas: Json) -> Json:
    reads = _reads(handler)
    operation: Json = {
        "operationId": _operation_id(handler, path),
        **_about(handler),
        "tags": handler.opt.get("tags") or [handler.fn.__module__.split(".")[1].capitalize()],
        "parameters": [_path_parameter(name) for name in _PATH_PARAMETER.findall(path)],
        "responses": _responses(handler, reads, schemas),
    }
    if query := reads.get("query"):
        operation["parameters"] += _query_parameters(query)
    if reads:
        operation["parameters"].append(PREFER)
    if _is_revalidated(handler):
        operation["parameters"].append(IF_NONE_MATCH)
    if body := reads.get("body"):
        schema = {"$ref": _REF.format(name=body.__name__)}
        content = {"schema": schema, "example": _example(schema, schemas)}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if {admin, bearer} & {*_guards(handler)}:
        operation["security"] = [{"bearer": []}]
    return operation


def _about(handler: HTTPRouteHandler) -> Json:
    """Return what the function's docstring says: its first line as summary, what else it has as description."""
    summary, *rest = (inspect.getdoc(handler.fn) or "").split("\n\n")
    description = "\n\n".join(paragraph.replace("\n", " ") for paragraph in rest)
    return {"summary": summary, "description": description} if rest else {"summary": summary}


def _operation_id(handler: HTTPRouteHandler, path: str) -> str:
    name = handler.fn.__name__
    return name if len(handler.paths) == 1 else name + path.replace("/", "_")


def _reads(handler: HTTPRouteHandler) -> dict[str, type[Struct]]:
    """Return what the handler's dependencies read of a request, by part (see `http.routing`)."""
    provided: list[Any] = [*(cast("Any", handler).dependencies or {}).values()]
    found = [getattr(provide.dependency, "reads", None) for provide in provided]
    return dict(pair for pair in found if pair)


def _guards(handler: HTTPRouteHandler) -> Sequence[Any]:
    return cast("Any", handler).guards or ()


def _answer(handler: HTTPRouteHandler) -> Any:
    """Return the type of the JSON that the handler answers with; None's type where it answers without."""
    answer = get_type_hints(handler.fn)["return"]
    if "text" in handler.opt:
        return type(None)
    return answer if answer is type(None) or _is_data(answer) else get_args(answer)[0]


def _is_data(answer: Any) -> bool:
    return getattr(answer, "__origin__", None) is Data


def _schemas(handlers: Sequence[HTTPRouteHandler]) -> Json:
    types = [Failure]
    for handler in handlers:
        reads = _reads(handler)
        types += [reads["body"]] if "body" in reads else []
        answer = _answer(handler)
        types += [] if answer is type(None) else [answer]
    return _components(types)


def _components(types: Sequence[Any]) -> Json:
    """Return msgspec's schemas of `types`; a Decimal is a number here, since that is how it is written."""
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
    """Return the schema of the value where a query has it: there is no null in a query."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {
        key: value for key, value in schema.items() if key not in ("anyOf", "default") or (value and key != "anyOf")
    }
    if "enum" in rest:
        rest["enum"] = [value for value in rest["enum"] if value is not None]
    return rest | (options[0] if len(options) == 1 else {"anyOf": options} if options else {})


def _responses(handler: HTTPRouteHandler, reads: dict[str, type[Struct]], schemas: Json) -> Json:
    answer = _answer(handler)
    success: Json = {"description": _SUCCESS[handler.status_code]}
    if text := handler.opt.get("text"):
        success["content"] = {text[0]: {"schema": {"type": "string"}, "example": text[1]}}
    if answer is not type(None):
        schema = {"$ref": _REF.format(name=_component(answer))}
        success["content"] = {"application/json": {"schema": schema, "example": _example(schema, schemas)}}
        success |= _headers(get_args(answer)[0])
    responses = {str(handler.status_code): success, **_failures(_errors(handler, reads))}
    if _is_revalidated(handler):
        responses["304"] = NOT_MODIFIED
    for status, description in handler.opt.get("also", {}).items():
        responses[str(status)] = success | {"description": description}
    return {status: responses[status] for status in sorted(responses)}


def _headers(shown: type[Any]) -> Json:
    if issubclass(shown, PageInfo):
        return {"headers": {"Link": LINK}}
    return {"headers": {"ETag": ETAG}} if issubclass(shown, Resource) else {}


def _is_revalidated(handler: HTTPRouteHandler) -> bool:
    """Tell whether the handler shows a resource to those who ask whether it has changed."""
    answer = _answer(handler)
    return _is_data(answer) and issubclass(get_args(answer)[0], Resource) and "GET" in handler.http_methods


def _component(answer: Any) -> str:
    return f"{answer.__origin__.__name__}_{get_args(answer)[0].__name__}_"


def _errors(handler: HTTPRouteHandler, reads: dict[str, type[Struct]]) -> list[type[AngidiError]]:
    found: list[type[AngidiError]] = [*handler.opt.get("errors", ()), *_EVERYWHERE]
    if "query" in reads:
        found.append(errors.Invalid)
    if "body" in reads:
        found += _WITH_BODY
    if guards := _guards(handler):
        found += _WITH_TOKEN
        found += [] if bearer in guards else [errors.Forbidden]
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
