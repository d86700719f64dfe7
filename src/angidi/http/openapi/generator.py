"""The OpenAPI 3.1 description, made from the operations: what their handlers take and return, and their errors.

The types' schemas are msgspec's; an operation's example is composed of the examples of its fields.
"""

import inspect
from collections import Counter
from collections.abc import Iterable
from typing import Any

from angidi import __version__, errors
from angidi.errors import AngidiError, RateLimited
from angidi.http.core.errors import status_of
from angidi.http.openapi.examples import answer_of, example_of, failure_of
from angidi.http.openapi.parameters import is_revalidated, parameters_of
from angidi.http.openapi.schemas import reference, schemas_of
from angidi.http.openapi.texts import ABOUT, BEARER, HEADERS, Json, header
from angidi.http.routing.answers import shown_by
from angidi.http.routing.guards import TokenMisplaced, TokenMissing
from angidi.http.routing.requests import requires_body
from angidi.http.routing.routes import Operation, Tag
from angidi.idempotency.errors import KeyInProgress, KeyReused
from angidi.pagination.pages import PageInfo
from angidi.resources import PreconditionRequired, Resource, VersionMismatch
from angidi.security.tokens import TokenExpired, TokenInvalid

_EVERYWHERE: tuple[type[AngidiError], ...] = (RateLimited, AngidiError, errors.Unavailable)
_WITH_TOKEN: tuple[type[AngidiError], ...] = (TokenMissing, TokenMisplaced, TokenExpired, TokenInvalid)
_WITH_BODY: tuple[type[AngidiError], ...] = (errors.Invalid, errors.Malformed, errors.TooLarge)

_SUCCESS = {200: "Done.", 201: "Created.", 204: "Done; there is no body."}
_HEADERS_BY_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
"""The headers that every answer of a status has."""


def describe(operations: Iterable[Operation]) -> Json:
    """Return the description of those of the `operations` that are documented."""
    listed = [operation for operation in operations if operation.is_documented]
    schemas = schemas_of(listed)
    paths: Json = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Angidi",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The server that this description comes from"}],
        "tags": _tags(operation.tag for operation in listed),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "headers": HEADERS,
            "securitySchemes": {"bearer": BEARER},
        },
    }


def _tags(tags: Iterable[Tag]) -> list[Json]:
    """Return each tag once, those of most operations first."""
    counted = Counter(tags)
    return [tag._asdict() for tag, _ in counted.most_common()]


def _operation(operation: Operation, schemas: Json) -> Json:
    described: Json = {
        "operationId": _camel(operation.name or operation.handler.__name__),
        **_about(operation),
        "tags": [operation.tag.name],
        "security": _security(operation),
        "parameters": parameters_of(operation),
        "responses": _responses(operation, schemas),
    }
    if body := operation.inputs.body:
        schema = reference(body[1].__name__)
        content = {"schema": schema, "example": operation.example or example_of(schema, schemas)}
        required = operation.inputs.is_patch or requires_body(body[1])
        described["requestBody"] = {"required": required, "content": {"application/json": content}}
    if operation.inputs.csv:
        content = {"schema": {"type": "string"}, "example": operation.csv_example}
        described["requestBody"] = {"required": True, "content": {"text/csv": content}}
    return described


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _about(operation: Operation) -> Json:
    """Return the first line of the function's docstring as summary, and the rest and who may call as description."""
    summary, *rest = (inspect.getdoc(operation.handler) or "").split("\n\n")
    paragraphs = [paragraph.replace("\n", " ") for paragraph in rest]
    guard = operation.inputs.guard
    if guard and guard[1].is_required:
        paragraphs.append("For admins: authorize first." if guard[1].forbids else "For all users: authorize first.")
    return {"summary": summary} | ({"description": "\n\n".join(paragraphs)} if paragraphs else {})


def _security(operation: Operation) -> list[Json]:
    """Return who may call: everybody, who has a token, or both, where only some requests need one."""
    guard = operation.inputs.guard
    if guard is None:
        return []
    return [{"bearer": []}] if guard[1].is_required else [{}, {"bearer": []}]


def _responses(operation: Operation, schemas: Json) -> Json:
    shown = shown_by(operation.returned)
    location = ("Location",) if operation.has_location else ()
    success = _response(_SUCCESS[operation.status], *_names(shown), *location)
    if operation.text:
        content_type, example = operation.text
        success["content"] = {content_type: {"schema": {"type": "string"}, "example": example}}
    responses = {str(operation.status): success, **_failures(_errors(operation))}
    if is_revalidated(operation):
        responses["304"] = _response("The client's copy is current.", "ETag")
    if shown is not type(None):
        schema = reference(f"Data_{shown.__name__}_")
        success["content"] = _json(schema, example=answer_of(schema, schemas))
        for status, also in operation.also.items():
            names = _HEADERS_BY_STATUS.get(str(status), ())
            content = _json(schema, example=answer_of(schema, schemas, also.differences))
            responses[str(status)] = _response(also.description, *names) | {"content": content}
    return {status: responses[status] for status in sorted(responses)}


def _response(description: str, *headers: str) -> Json:
    return {"description": description, "headers": {name: header(name) for name in ("X-Request-ID", *headers)}}


def _json(schema: Json, **examples: Any) -> Json:
    return {"application/json": {"schema": schema, **examples}}


def _names(shown: type[Any]) -> tuple[str, ...]:
    """Return the names of the headers of a successful answer."""
    if issubclass(shown, PageInfo):
        return ("Link",)
    return ("ETag",) if issubclass(shown, Resource) else ()


def _errors(operation: Operation) -> list[type[AngidiError]]:
    """Return what the operation declares, and what its inputs imply."""
    inputs = operation.inputs
    listed: list[type[AngidiError]] = [*operation.errors, *_EVERYWHERE]
    if inputs.query:
        listed.append(errors.Invalid)
    if inputs.body or inputs.csv:
        listed += _WITH_BODY
    if inputs.takes_key:
        listed += [errors.Invalid, KeyInProgress, KeyReused]
    if inputs.takes_condition:
        listed += [VersionMismatch, PreconditionRequired]
    if inputs.guard:
        listed += _WITH_TOKEN
        listed += [errors.Forbidden] if inputs.guard[1].forbids else []
    return listed


def _failures(listed: Iterable[type[AngidiError]]) -> Json:
    by_status: dict[str, dict[str, type[AngidiError]]] = {}
    for error in listed:
        by_status.setdefault(str(status_of(error)), {})[error.code] = error
    return {status: _failure_response(status, by_code) for status, by_code in by_status.items()}


def _failure_response(status: str, by_code: dict[str, type[AngidiError]]) -> Json:
    description = "\n".join(f"- `{code}`: {error.message}" for code, error in sorted(by_code.items()))
    examples = {code: {"value": failure_of(error)} for code, error in by_code.items()}
    names = _HEADERS_BY_STATUS.get(status, ())
    return _response(description, *names) | {"content": _json(reference("Failure"), examples=examples)}
