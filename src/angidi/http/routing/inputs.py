"""The inputs of a handler, declared by the types of its parameters.

A name in the path is a path parameter. `Query[T]` is the query string and `Body[T]` the body, each decoded into the
struct `T`. `Patch[T]` is a body that changes a resource, and `CsvBody` a CSV file as it came. A type with a `Guard`
says who may call. `IfMatch`, `IdempotencyKey` and `Conditional` (both of them) are conditions of the request. `Strict`
tells whether strict handling was requested. `ClientAddress` is the one that the rate limit counts by. Any other type is
a service, except `Request`, which is the request.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct

from angidi.http.core.request import Request
from angidi.http.routing.guards import Guard
from angidi.idempotency.models import Conditions, Key
from angidi.resources import Precondition
from angidi.validation.changes import Changes

T = TypeVar("T")
S = TypeVar("S", bound=Struct)


class _Part(NamedTuple):
    name: str


_QUERY, _BODY, _PATCH, _CSV, _STRICT = _Part("query"), _Part("body"), _Part("patch"), _Part("csv"), _Part("strict")
_IF_MATCH, _KEY, _CONDITIONS = _Part("if_match"), _Part("key"), _Part("conditions")
_ADDRESS = _Part("address")
_BY_NAME = frozenset({_STRICT, _CSV, _IF_MATCH, _KEY, _CONDITIONS, _ADDRESS})

Query = Annotated[T, _QUERY]
Body = Annotated[T, _BODY]
Patch = Annotated[Changes[S], _PATCH]
CsvBody = Annotated[bytes, _CSV]
Strict = Annotated[bool, _STRICT]
IfMatch = Annotated[Precondition | None, _IF_MATCH]
IdempotencyKey = Annotated[Key | None, _KEY]
Conditional = Annotated[Conditions, _CONDITIONS]
ClientAddress = Annotated[str, _ADDRESS]


class Inputs(NamedTuple):
    """The parameters of a handler, by kind."""

    path: dict[str, Any]
    services: dict[str, type[Any]]
    query: tuple[str, type[Struct]] | None = None
    body: tuple[str, type[Struct]] | None = None
    is_patch: bool = False
    """Whether the body changes a resource."""

    guard: tuple[str, Guard] | None = None
    csv: str | None = None
    strict: str | None = None
    if_match: str | None = None
    key: str | None = None
    conditions: str | None = None
    request: str | None = None
    address: str | None = None

    @property
    def takes_condition(self) -> bool:
        """Whether `If-Match` is evaluated."""
        return bool(self.if_match or self.conditions)

    @property
    def takes_key(self) -> bool:
        """Whether `Idempotency-Key` is evaluated."""
        return bool(self.key or self.conditions)


def inputs_of(handler: Callable[..., Any], path_names: list[str]) -> Inputs:
    """Return the inputs of `handler`. Raises TypeError if a name in the path is not one of its parameters."""
    hints = get_type_hints(handler, include_extras=True)
    del hints["return"]
    if missing := [name for name in path_names if name not in hints]:
        raise TypeError(f"{handler.__name__} does not take {', '.join(missing)}, which its path names")
    inputs = Inputs({name: _plain(hints.pop(name)) for name in path_names}, {})
    for name, hint in hints.items():
        inputs = _with(inputs, name, hint)
    return inputs


def _with(inputs: Inputs, name: str, hint: Any) -> Inputs:
    note = next((note for note in getattr(hint, "__metadata__", ()) if isinstance(note, _Part | Guard)), None)
    if isinstance(note, Guard):
        return inputs._replace(guard=(name, note))
    if note is _PATCH:
        return inputs._replace(body=(name, get_args(_plain(hint))[0]), is_patch=True)
    if note is not None:
        return inputs._replace(**{note.name: name if note in _BY_NAME else (name, _plain(hint))})
    if hint is Request:
        return inputs._replace(request=name)
    return inputs._replace(services={**inputs.services, name: hint})


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
