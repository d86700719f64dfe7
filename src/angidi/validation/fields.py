"""Bodies and queries, decoded field by field, so that one answer names every field that is wrong.

An input is a struct. The type of a field, its `Meta` included, says what is accepted, and the description in that
`Meta` is what a refused client reads. Three markers in a field's `Annotated` change how its value is taken:
`VERBATIM` (not trimmed), `BLANK_IS_ABSENT`, and a `Parse`, which replaces the type's own conversion.
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
"""How often a resource has changed, from 1."""

VERBATIM = "verbatim"
BLANK_IS_ABSENT = "blank is absent"


class Parse(NamedTuple):
    """A conversion of its own for one field: returns the value, raises ValueError (its text is for the client)."""

    convert: Callable[[Any], Any]
    fallback: bool = False
    """Whether a refused value counts as absent (or as what `Clamped` says), unless strict handling was asked for."""


class Clamped(ValueError):
    """Raised by a `Parse` with fallback: the value is refused, and `value` stands in for it."""

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
    """What came of decoding: `value`, or what there is against it, with the fields that are `good` by themselves."""

    value: S | None
    good: dict[str, Any]
    refused: tuple[FieldError, ...] = ()


def build(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False) -> S:
    """Return `into` made of `values`; names that it has no field for are ignored unless `strict`.

    `texts` says that all values are strings, as in a query. Raises `Invalid` with one entry per failing field.
    """
    decoded = decode(values, into, strict=strict, texts=texts)
    if decoded.value is None:
        raise Invalid(details=decoded.refused)
    return decoded.value


def decode(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False) -> Decoded[S]:
    """Return `into` made of `values`, or every reason why not; the parameters are those of `build`.

    Nearly everything is right, and is converted as a whole; what is not is looked at again, field by field.
    """
    plans = _plans(into)
    if not strict or values.keys() <= plans.keys():
        try:
            return Decoded(_whole(plans, values, into, texts=texts), {})
        except (ValueError, ArithmeticError):
            pass
    return field_by_field(values, into, strict=strict, texts=texts)


def _whole(plans: "Mapping[str, _Plan]", values: Mapping[str, object], into: type[S], *, texts: bool) -> S:
    """Return what `field_by_field` would; raises ValueError or ArithmeticError where that must decide."""
    _refuse_unstorable("".join([value for value in values.values() if isinstance(value, str)]))
    taken: dict[str, object] = {}
    for name, plan in plans.items():
        value = values.get(name, NODEFAULT)
        if isinstance(value, str):
            value = value if plan.verbatim else value.strip()
            if not value and plan.blank_is_absent:
                continue
        if value is not NODEFAULT:
            taken[name] = plan.parse.convert(value) if plan.parse else value
    built = msgspec.convert(taken, into, strict=not texts)
    for name, plan in plans.items():
        if plan.parse and name in taken and getattr(built, name) is not taken[name]:
            raise ValueError(name)  # the type's own conversion had its say: `Parse` stands instead of that
    return built


def field_by_field(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False) -> Decoded[S]:
    """Do as `decode` does, looking at each field by itself in any case."""
    plans = _plans(into)
    taken: dict[str, object] = {}
    refused = [FieldError(_printable(name), "is not a known field") for name in values if strict and name not in plans]
    for name, plan in plans.items():
        try:
            _take(plan, values, taken, strict=strict, texts=texts)
        except (ValueError, ArithmeticError) as error:
            refused.append(FieldError(name, str(error)))
    return Decoded(None, taken, tuple(refused)) if refused else Decoded(into(**taken), taken)


def _take(plan: _Plan, values: Mapping[str, object], taken: dict[str, object], *, strict: bool, texts: bool) -> None:
    value = values.get(plan.name, NODEFAULT)
    if isinstance(value, str):
        value = _text(plan, value)
    if value is NODEFAULT:
        if plan.required:
            raise ValueError("is required")
        return
    try:
        taken[plan.name] = _convert(plan, value, texts=texts)
    except ValueError as error:
        if strict or plan.parse is None or not plan.parse.fallback:
            raise
        if isinstance(error, Clamped):
            taken[plan.name] = error.value


def _printable(name: str) -> str:
    """Return a field's name fit to be answered: a lone surrogate has no UTF-8."""
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
    """Return what stands in the `Annotated`s of a type, those inside its unions included, outermost first."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return [*notes, *annotations(inner)]
    return [note for part in get_args(hint) for note in annotations(part)]
