"""Field-by-field decoding of bodies and queries, so that one answer names every wrong field.

An input is a struct. The type of a field with its `Meta` is the rule, and the description in `Meta` is the message to
the client. Three markers in `Annotated` change the conversion: `VERBATIM` (do not trim), `BLANK_IS_ABSENT`, and a
`Parse`, which replaces the conversion of the type.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from angidi.errors import FieldError, Invalid

S = TypeVar("S", bound=Struct)

Timestamp = Annotated[datetime, Meta(tz=True, examples=["2026-01-31T12:00:00Z"])]
"""A time in answers: RFC 3339 in UTC."""

Version = Annotated[int, Meta(ge=1, examples=[1])]
"""Number of changes of a resource, from 1."""

VERBATIM = "verbatim"
BLANK_IS_ABSENT = "blank is absent"


class Parse(NamedTuple):
    """Custom conversion of a field: returns the value, or raises ValueError with a message for the client."""

    convert: Callable[[Any], Any]
    fallback: bool = False
    """Whether a refused value counts as absent, or as the value of `Clamped`, unless strict handling is requested."""


class Clamped(ValueError):
    """Raised by a `Parse` with fallback: the value is refused, and `value` replaces it."""

    def __init__(self, message: str, value: object) -> None:
        super().__init__(message)
        self.value = value


class _Plan(NamedTuple):
    name: str
    type: Any
    required: bool
    expects: str
    verbatim: bool
    blank_is_absent: bool
    parse: Parse | None


class Decoded(NamedTuple, Generic[S]):
    """The result of decoding: `value`, or the errors and the fields that are `good`."""

    value: S | None
    good: dict[str, Any]
    refused: tuple[FieldError, ...] = ()


def build(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False) -> S:
    """Return `into` made of `values`; unknown names are ignored unless `strict`.

    With `texts` all values are strings, as in a query. Raises `Invalid` with one entry per wrong field.
    """
    plans = _plans(into)
    if not strict or values.keys() <= plans.keys():
        try:
            return _whole(plans, values, into, texts=texts)
        except (ValueError, ArithmeticError):
            pass
    decoded = field_by_field(values, into, strict=strict, texts=texts)
    if decoded.value is None:
        raise Invalid(details=decoded.refused)
    return decoded.value


def decode(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False) -> Decoded[S]:
    """Return `into` made of `values`, or all errors; the parameters are those of `build`.

    Converts the values as a whole first, because most are valid; only on failure field by field.
    """
    plans = _plans(into)
    if not strict or values.keys() <= plans.keys():
        try:
            return Decoded(_whole(plans, values, into, texts=texts), {})
        except (ValueError, ArithmeticError):
            pass
    return field_by_field(values, into, strict=strict, texts=texts)


def _whole(plans: "Mapping[str, _Plan]", values: Mapping[str, object], into: type[S], *, texts: bool) -> S:
    """Return the value of `field_by_field`. Raises ValueError or ArithmeticError if that must decide."""
    converted: dict[str, object] = {}
    for name, plan in plans.items():
        value = values.get(name, NODEFAULT)
        if isinstance(value, str):
            value.encode()  # a lone surrogate has no UTF-8
            if "\0" in value:
                raise ValueError(name)
            value = value if plan.verbatim else value.strip()
            if not value and plan.blank_is_absent:
                continue
        if value is not NODEFAULT:
            converted[name] = plan.parse.convert(value) if plan.parse else value
    built = msgspec.convert(converted, into, strict=not texts)
    for name, plan in plans.items():
        if plan.parse and name in converted and getattr(built, name) is not converted[name]:
            raise ValueError(name)  # the type's conversion failed, and `Parse` replaces it
    return built


def field_by_field(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False) -> Decoded[S]:
    """Decode as `decode` does, but always field by field."""
    plans = _plans(into)
    converted: dict[str, object] = {}
    refused = [FieldError(_printable(name), "is not a known field") for name in values if strict and name not in plans]
    for name, plan in plans.items():
        try:
            _convert_field(plan, values, converted, strict=strict, texts=texts)
        except (ValueError, ArithmeticError) as error:
            refused.append(FieldError(name, str(error)))
    return Decoded(None, converted, tuple(refused)) if refused else Decoded(into(**converted), converted)


def _convert_field(
    plan: _Plan, values: Mapping[str, object], converted: dict[str, object], *, strict: bool, texts: bool
) -> None:
    value = values.get(plan.name, NODEFAULT)
    if isinstance(value, str):
        value = _text(plan, value)
    if value is NODEFAULT:
        if plan.required:
            raise ValueError("is required")
        return
    try:
        converted[plan.name] = _convert(plan, value, texts=texts)
    except ValueError as error:
        if strict or plan.parse is None or not plan.parse.fallback:
            raise
        if isinstance(error, Clamped):
            converted[plan.name] = error.value


def _printable(name: str) -> str:
    """Return a field name that can be encoded: a lone surrogate has no UTF-8."""
    return name.encode(errors="backslashreplace").decode()


def _text(plan: _Plan, value: str) -> object:
    if plan.parse is None:
        _refuse_unstorable(value)
    trimmed = value if plan.verbatim else value.strip()
    return NODEFAULT if plan.blank_is_absent and not trimmed else trimmed


def _refuse_unstorable(value: str) -> None:
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain a lone surrogate") from None


def _convert(plan: _Plan, value: object, *, texts: bool) -> object:
    if plan.parse:
        return plan.parse.convert(value)
    try:
        return msgspec.convert(value, plan.type, strict=not texts)
    except msgspec.ValidationError as error:
        raise ValueError(f"must be {plan.expects}" if plan.expects else str(error)) from None


@functools.cache
def _plans(into: type[Struct]) -> dict[str, _Plan]:
    hints = get_type_hints(into, include_extras=True)
    return {field.encode_name: _plan(field, hints[field.name]) for field in msgspec.structs.fields(into)}


def _plan(field: msgspec.structs.FieldInfo, hint: Any) -> _Plan:
    notes = annotations(hint)
    return _Plan(
        name=field.encode_name,
        type=hint,
        required=field.required,
        expects=next((note.description for note in notes if isinstance(note, Meta) and note.description), ""),
        verbatim=VERBATIM in notes,
        blank_is_absent=BLANK_IS_ABSENT in notes,
        parse=next((note for note in notes if isinstance(note, Parse)), None),
    )


def annotations(hint: Any) -> list[Any]:
    """Return the annotations of all `Annotated` types in a hint, including those in unions, outermost first."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return [*notes, *annotations(inner)]
    return [note for part in get_args(hint) for note in annotations(part)]
