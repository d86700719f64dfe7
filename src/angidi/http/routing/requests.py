"""Decoding of query strings and bodies into structs, all errors at once."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from angidi.errors import FieldError, Invalid, Malformed
from angidi.http.core.request import Request
from angidi.validation.changes import Changes, read_changes
from angidi.validation.fields import build

S = TypeVar("S", bound=Struct)


def read_query(into: type[S], request: Request) -> S:
    """Return the parameters of the query as an `into`. Raises `Invalid`."""
    values = request.parameters
    if not request.is_strict:
        return build(values, into, strict=False, texts=True, trims=False)
    if {"cursor", "page"} <= values.keys():
        raise Invalid(details=[FieldError("page", "must not stand beside cursor, which is a place of its own")])
    built = build(values, into, strict=True, texts=True, trims=False)
    _refuse_idle(built)
    return built


def _refuse_idle(query: Struct) -> None:
    """Raise `Invalid` if a parameter has no effect, because the one that it requires is missing."""
    pairs: Mapping[str, str] = getattr(query, "requires", {})
    idle = [name for name, to in pairs.items() if getattr(query, name) and not getattr(query, to)]
    if idle:
        raise Invalid(details=[FieldError(name, f"does nothing without {pairs[name]}") for name in idle])


def read_body(into: type[S], request: Request) -> S:
    """Return the body as an `into`; none is `{}` where nothing is required. Raises `Malformed`, `Invalid`."""
    values = read_object(request.body) if request.body or requires_body(into) else {}
    return build(values, into, strict=request.is_strict)


def requires_body(into: type[Struct]) -> bool:
    """Tell whether `{}` is no `into`: a field is required, or one of several (`requires_some`)."""
    return getattr(into, "requires_some", False) or any(field.required for field in structs.fields(into))


def read_patch(into: type[S], request: Request) -> Changes[S]:
    """Return the body as changes of an `into`. Raises `Malformed`."""
    return read_changes(read_object(request.body), into, strict=request.is_strict)


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
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RefusedJSONError("The request body has a key twice in one object.")
    return members


def _refuse_constant(name: str) -> object:
    raise _RefusedJSONError(f"The request body has {name}, which is no JSON number.")
