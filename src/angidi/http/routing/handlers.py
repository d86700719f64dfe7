"""Compilation of handlers into endpoints: signatures are inspected once, at the start."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from angidi.errors import AngidiError, NotFound
from angidi.http.core.request import Request
from angidi.http.core.responses import Response
from angidi.http.middleware.limits import ClientAddresses
from angidi.http.routing.answers import respond_by, with_location
from angidi.http.routing.guards import Authenticator
from angidi.http.routing.idempotency import mark_replay, read_key
from angidi.http.routing.inputs import Inputs
from angidi.http.routing.preconditions import Preconditions
from angidi.http.routing.requests import read_body, read_patch, read_query
from angidi.http.routing.routes import Operation
from angidi.idempotency.models import Conditions

Read = Callable[[Request], Any]

Services = Mapping[type[Any], Any]
"""The services that handlers can declare, by type."""


class Endpoint(NamedTuple):
    """The compiled operation of one method and path. `check`, if any, runs before the body is read.

    `is_streamed` tells whether it sends an answer without a bound of its size.
    """

    route: str
    call: Callable[[Request], Awaitable[Response]]
    check: Callable[[Request], Awaitable[Any]] | None = None
    takes_large_body: bool = False
    is_streamed: bool = False
    confirm: Callable[[Request], Awaitable[Any]] | None = None
    """Runs before the answer to a request that is refused without a look at the account."""


def compile_operation(operation: Operation, services: Services) -> Endpoint:
    """Return the endpoint of an operation. Raises KeyError for a type that no service has."""
    inputs = operation.inputs
    guard = inputs.guard and inputs.guard[1]
    check = partial(guard.check, services[Authenticator]) if guard else None
    confirm = partial(guard.confirm, services[Authenticator]) if guard and guard.confirm else None
    call = _compile_call(operation, inputs, services)
    return Endpoint(operation.path, call, check, operation.takes_large_body, operation.is_streamed, confirm)


def _compile_call(operation: Operation, inputs: Inputs, services: Services) -> Callable[[Request], Awaitable[Response]]:
    given = {name: services[kind] for name, kind in inputs.services.items()}
    handler = partial(operation.handler, **given)
    readers = _readers(operation, inputs, services)
    respond, status = respond_by(operation.returned), operation.status
    if operation.has_location:
        respond = with_location(respond, operation.path)

    async def call(request: Request) -> Response:
        arguments: dict[str, Any] = {}
        for name, read in readers:
            arguments[name] = read(request)
        return respond(request, await handler(**arguments), status)

    async def call_with_key(request: Request) -> Response:
        arguments = {name: read(request) for name, read in readers}
        key = arguments[inputs.key] if inputs.key else arguments[str(inputs.conditions)].key
        return mark_replay(respond(request, await handler(**arguments), status), key)

    return call_with_key if inputs.takes_key else call


def _readers(operation: Operation, inputs: Inputs, services: Services) -> list[tuple[str, Read]]:
    """Return the reader of each argument. Ids in the path come last: an invalid request is reported first."""
    parts: dict[str | None, Read] = {
        inputs.strict: attrgetter("is_strict"),
        inputs.csv: attrgetter("body"),
        inputs.request: lambda request: request,
    }
    readers = [(name, read) for name, read in parts.items() if name]
    if inputs.guard:
        readers.append((inputs.guard[0], attrgetter("principal")))
    if inputs.key:
        readers.append((inputs.key, read_key))
    if inputs.conditions:
        read_condition = services[Preconditions].read
        readers.append((inputs.conditions, lambda request: Conditions(read_condition(request), read_key(request))))
    if inputs.if_match:
        readers.append((inputs.if_match, services[Preconditions].read))
    if inputs.address:
        readers.append((inputs.address, services[ClientAddresses].of))
    if inputs.query:
        readers.append((inputs.query[0], partial(read_query, inputs.query[1])))
    if inputs.body:
        readers.append((inputs.body[0], partial(read_patch if inputs.is_patch else read_body, inputs.body[1])))
    missing = next((error for error in operation.errors if issubclass(error, NotFound)), NotFound)
    segments = operation.path[1:].split("/")
    return readers + [
        (name, _path_reader(segments.index(f"{{{name}}}"), kind, missing)) for name, kind in inputs.path.items()
    ]


def _path_reader(place: int, kind: type[Any], missing: type[AngidiError]) -> Read:
    """Return the reader of a path parameter. It raises `missing` for a text that is not a `kind`."""

    def read(request: Request) -> Any:
        try:
            return msgspec.convert(request.segments[place], kind)
        except msgspec.ValidationError:
            raise missing from None

    return read
