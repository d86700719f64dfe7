"""Field-by-field decoding of bodies and queries, so that one answer names every wrong field.

An input is a struct. The type of a field with its `Meta` is the rule, and the description in `Meta` is the message to
the client. Markers in `Annotated` change the conversion: a `TextForm` says how a text is normalised, `BLANK_IS_ABSENT`
and `PassedOver` which values count as absent, and a `Parse` replaces the conversion of the type.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from angidi.errors import FieldError, Invalid
from angidi.validation.names import Named, exactly
from angidi.validation.plans import Plan, plans_of

S = TypeVar("S", bound=Struct)

Timestamp = Annotated[datetime, Meta(tz=True, examples=["2026-01-31T12:00:00Z"])]
"""A time in answers: RFC 3339 in UTC."""

Version = Annotated[int, Meta(ge=1, examples=[1])]
"""Number of changes of a resource, from 1."""


_IS_SIMPLE = re.compile(r"(?!(?i:null)\Z)[ -~]*").fullmatch
"""Tells whether a text has no character that a form could change, but for white space around it, and is not `null`."""


class Clamped(ValueError):
    """Raised by a `Parse` with fallback: the value is refused, and `value` replaces it."""

    def __init__(self, message: str, value: object) -> None:
        super().__init__(message)
        self.value = value


class Handling(NamedTuple):
    """How values are handled, which depends on where they come from: a body of JSON, a query, or cells of a file.

    `texts`: all values are texts. `trims`: their white space does not count. `strict` refuses what is otherwise passed
    over, such as unknown names.
    """

    strict: bool
    texts: bool
    trims: bool


class Decoded(NamedTuple, Generic[S]):
    """The result of decoding: `value`, or the errors and the fields that are `good`; `sent` are the values by field.

    A field that is named twice has none.
    """

    value: S | None
    good: dict[str, Any]
    sent: Mapping[str, object]
    refused: tuple[FieldError, ...] = ()


def build(values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False, trims: bool = True) -> S:
    """Return `into` made of `values`; unknown names are ignored unless `strict`.

    With `texts` all values are strings, as in a query, and names are exact. Without `trims` white space around texts
    counts. Raises `Invalid` with one entry per wrong field.
    """
    plans, handling = plans_of(into), Handling(strict, texts, trims)
    if values.keys() <= plans.keys():
        try:
            return _whole(plans, values, into, handling)
        except (ValueError, ArithmeticError):
            decoded = field_by_field(values, into, handling)
    else:
        decoded = decode(values, into, strict=strict, texts=texts, trims=trims)
    if decoded.value is None:
        raise Invalid(details=decoded.refused)
    return decoded.value


def decode(
    values: Mapping[str, object], into: type[S], *, strict: bool, texts: bool = False, trims: bool = True
) -> Decoded[S]:
    """Return `into` made of `values`, or all errors; the parameters are those of `build`.

    Like `build`, it converts the values as a whole first, because most are valid; only on failure field by field.
    """
    plans, handling = plans_of(into), Handling(strict, texts, trims)
    if not values.keys() <= plans.keys():
        named = None if texts else exactly(values, plans)
        if strict or (named and named.twice):
            return field_by_field(values, into, handling)
        values = named.values if named else values
    try:
        return Decoded(_whole(plans, values, into, handling), {}, values)
    except (ValueError, ArithmeticError):
        return field_by_field(values, into, handling)


def normalised(values: Mapping[str, str], into: type[Struct]) -> dict[str, str]:
    """Return the texts in the forms of the fields that have these names; others are trimmed."""
    plans = plans_of(into)
    return {name: _form(plans[name], text) if name in plans else text.strip() for name, text in values.items()}


def _form(plan: Plan, text: str) -> str:
    return plan.form.of(text, longest=plan.longest)


def _whole(plans: Mapping[str, Plan], values: Mapping[str, object], into: type[S], handling: Handling) -> S:
    """Return the value of `field_by_field`. Raises ValueError or ArithmeticError if that must decide."""
    converted: dict[str, object] = {}
    for name, plan in plans.items():
        value = values.get(name, NODEFAULT)
        if value is not NODEFAULT and (plan.nested or plan.nested_list):
            raise ValueError(name)  # the parts have rules of their own
        if plan.passed_over.values and plan.passed_over.has(value):
            raise ValueError(name)
        if isinstance(value, str) and (handling.trims or plan.changes_simple or not _IS_SIMPLE(value)):
            value = _text_at_once(plan, value, handling)
        if value is not NODEFAULT:
            converted[name] = plan.parse.convert(value) if plan.parse else value
    built = msgspec.convert(converted, into, strict=not handling.texts)
    for name, plan in plans.items():
        if plan.parse and name in converted and getattr(built, plan.attribute) is not converted[name]:
            raise ValueError(name)  # the type's conversion failed, and `Parse` replaces it
    return built


def _text_at_once(plan: Plan, value: str, handling: Handling) -> object:
    """Return a text in its form, or NODEFAULT for a blank one that counts as absent. Raises as `_whole` does."""
    if not value.isascii():
        value.encode()  # a lone surrogate has no UTF-8
    if "\0" in value or (len(value) == len("null") and handling.texts and value.lower() == "null"):
        raise ValueError(plan.name)
    text = plan.form.of(value, trims=handling.trims, longest=plan.longest)
    if text or not plan.blank_is_absent:
        return text
    if plan.passed_over.values:
        raise ValueError(plan.name)
    return NODEFAULT


def field_by_field(values: Mapping[str, object], into: type[S], handling: Handling) -> Decoded[S]:
    """Decode as `decode` does, but always field by field."""
    plans = plans_of(into)
    values, twice = Named(values, {}) if handling.texts else exactly(values, plans)
    converted: dict[str, object] = {}
    refused = [
        FieldError(_printable(name), "is not a known field") for name in values if handling.strict and name not in plans
    ]
    refused += twice.values()
    for name, plan in plans.items():
        if name in twice:
            continue
        try:
            _convert_field(plan, values, converted, handling)
        except Invalid as error:
            refused += [FieldError(name + part, message) for part, message in error.details]
        except (ValueError, ArithmeticError) as error:
            refused.append(FieldError(name, str(error)))
    value = None if refused else into(**{plans[name].attribute: each for name, each in converted.items()})
    sent = {name: values[name] for name in values.keys() - twice.keys()} if twice else values
    return Decoded(value, converted, sent, tuple(refused))


def _convert_field(plan: Plan, values: Mapping[str, object], converted: dict[str, object], handling: Handling) -> None:
    value = _present(plan, values.get(plan.name, NODEFAULT), handling)
    if value is NODEFAULT:
        if plan.required:
            raise ValueError("is required")
        return
    try:
        converted[plan.name] = _convert(plan, value, handling)
    except ValueError as error:
        if handling.strict or plan.parse is None or not plan.parse.fallback:
            raise
        if isinstance(error, Clamped):
            converted[plan.name] = error.value


def _present(plan: Plan, value: object, handling: Handling) -> object:
    """Return the value, a text in its form, or NODEFAULT for one that counts as absent."""
    text = _text(plan, value, handling) if isinstance(value, str) else value
    is_blank = plan.blank_is_absent and text == ""
    is_passed_over = plan.passed_over.has(value) or (is_blank and bool(plan.passed_over.values))
    if is_passed_over and handling.strict:
        raise ValueError("would leave the value as it is: leave the field out")
    return NODEFAULT if is_passed_over or is_blank else text


def _printable(name: str) -> str:
    """Return a field name that can be encoded: a lone surrogate has no UTF-8."""
    return name.encode(errors="backslashreplace").decode()


def _text(plan: Plan, value: str, handling: Handling) -> str:
    if plan.parse is None:
        refuse_unstorable(value)
    return plan.form.of(value, trims=handling.trims, longest=plan.longest)


def refuse_unstorable(value: str) -> None:
    """Raise ValueError for a text that the database does not take."""
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain a lone surrogate") from None


def _convert(plan: Plan, value: object, handling: Handling) -> object:
    if plan.parse:
        return plan.parse.convert(value)
    if plan.nested and value is not None:
        return _nested(plan.nested, value, "", handling)
    if plan.nested_list and isinstance(value, list):
        value = _nested_list(plan, value, handling)  # pyright: ignore[reportUnknownArgumentType] - any JSON
    try:
        return msgspec.convert(value, plan.type_of_text if handling.texts else plan.type, strict=not handling.texts)
    except msgspec.ValidationError as error:
        raise ValueError(f"must be {plan.expects}" if plan.expects else str(error)) from None


def _nested(into: type[S], value: object, place: str, handling: Handling) -> S:
    """Return an object as `into`. Raises `Invalid`, whose fields begin with `place`, or ValueError if it is none."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")  # noqa: TRY004 - the client's mistake, not ours
    decoded = decode(value, into, strict=handling.strict)  # pyright: ignore[reportUnknownArgumentType] - any JSON
    if decoded.value is None:
        raise Invalid(details=[FieldError(f"{place}.{field}", message) for field, message in decoded.refused])
    return decoded.value


def _nested_list(plan: Plan, values: list[object], handling: Handling) -> list[Struct]:
    """Return a list of objects as structs. Raises `Invalid` with the errors of all, and ValueError for a long list."""
    into, longest = plan.nested_list or (Struct, 0)
    if len(values) > longest:
        raise ValueError(f"must be {plan.expects}")
    built: list[Struct] = []
    refused: list[FieldError] = []
    for index, value in enumerate(values):
        try:
            built.append(_nested(into, value, f"[{index}]", handling))
        except Invalid as error:
            refused += error.details
        except ValueError as error:
            refused.append(FieldError(f"[{index}]", str(error)))
    if refused:
        raise Invalid(details=refused)
    return built
