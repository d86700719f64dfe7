"""What handlers receive: decoded bodies and queries, as Litestar dependencies."""

import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from litestar import Request
from litestar.di import Provide
from msgspec import Struct

from angidi.errors import FieldError, Invalid, Malformed
from angidi.validation.fields import build

S = TypeVar("S", bound=Struct)
AnyRequest = Request[Any, Any, Any]


def body_of(into: type[S]) -> Provide:
    """Provide the request body, decoded into `into`. Raises `Malformed` or `Invalid`."""

    async def body(request: AnyRequest) -> Any:
        return build(read_object(await request.body()), into, strict=is_strict(request))

    return _documented(body, "body", into)


def query_of(into: type[S]) -> Provide:
    """Provide the query string, decoded into `into`; of a parameter given twice the first one counts."""

    async def query(request: AnyRequest) -> Any:
        values = dict(request.query_params)
        if is_strict(request) and {"cursor", "page"} <= values.keys():
            raise Invalid(details=[FieldError("page", "must not stand beside cursor, which is a place of its own")])
        built = build(values, into, strict=is_strict(request), texts=True)
        if is_strict(request):
            _refuse_idle(built)
        return built

    return _documented(query, "query", into)


def _refuse_idle(query: Struct) -> None:
    """Raise `Invalid` where a parameter does nothing, for want of the one that it belongs to."""
    pairs: Mapping[str, str] = getattr(query, "requires", {})
    idle = [name for name, to in pairs.items() if getattr(query, name) and not getattr(query, to)]
    if idle:
        raise Invalid(details=[FieldError(name, f"does nothing without {pairs[name]}") for name in idle])


def _documented(provider: Callable[[AnyRequest], Awaitable[Any]], part: str, into: type[Struct]) -> Provide:
    """Leave a note for `web.openapi` about what the provider reads."""
    provider.__annotations__["return"] = into
    vars(provider)["reads"] = (part, into)
    return Provide(provider)


def read_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in `body`, numbers with a point as exact `Decimal`.

    Raises `Malformed` for anything else: other JSON, bad UTF-8, a key twice, NaN, nesting without end.
    """
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_distinct, parse_float=Decimal, parse_constant=_refuse_constant
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        reason = error.args[0] if isinstance(error, _RefusedJSONError) else "The request body is not valid JSON."
        raise Malformed(reason) from None
    if not isinstance(value, dict):
        raise Malformed
    return value  # pyright: ignore[reportUnknownVariableType] - keys of a JSON object are strings


class _RefusedJSONError(ValueError):
    pass


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedJSONError("The request body has a key twice in one object.")
    return found


def _refuse_constant(name: str) -> object:
    raise _RefusedJSONError(f"The request body has {name}, which is no JSON number.")


def is_strict(request: AnyRequest) -> bool:
    """Tell whether the client asked for strict handling (RFC 7240)."""
    return bool(request.scope["state"].get("strict"))
