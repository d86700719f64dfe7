"""What the type of a field says about its conversion, read from the type once."""

import functools
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from angidi.validation.texts import LONGEST, MOST_COMPOSED, PLAIN, TextForm

BLANK_IS_ABSENT = "blank is absent"


class Parse(NamedTuple):
    """Custom conversion of a field: returns the value, or raises ValueError with a message for the client."""

    convert: Callable[[Any], Any]
    fallback: bool = False
    """Whether a refused value counts as absent, or as the value of `Clamped`, unless strict handling is requested."""


class PassedOver(NamedTuple):
    """Values that count as absent, unless strict handling is requested: then they are refused."""

    values: tuple[object, ...]

    def has(self, value: object) -> bool:
        """Tell whether `value` is one of them; `false` is not 0."""
        return value in self.values and not isinstance(value, bool)


_NONE = PassedOver(())


StructType = type[Struct]  # in `Plan`, whose field `type` hides the builtin


class Plan(NamedTuple):
    """How a field is converted."""

    name: str
    attribute: str
    """The field's name in Python, which is another one where JSON has a keyword."""

    type: Any
    type_of_text: Any
    """The type for a value of a query or a file, where no text is null."""

    required: bool
    expects: str
    form: TextForm
    longest: int
    changes_simple: bool
    """Whether a text of printable ASCII that is not trimmed can change."""

    blank_is_absent: bool
    passed_over: PassedOver
    parse: Parse | None
    nested: StructType | None
    """The struct that the value is an object of."""

    nested_list: tuple[StructType, int] | None
    """The struct that the value is a list of, and the maximum length of the list."""


@functools.cache
def plans_of(into: type[Struct]) -> dict[str, Plan]:
    """Return the plans of a struct's fields by their names in JSON."""
    hints = get_type_hints(into, include_extras=True)
    return {field.encode_name: _plan(field, hints[field.name]) for field in msgspec.structs.fields(into)}


def _plan(field: msgspec.structs.FieldInfo, hint: Any) -> Plan:
    notes = annotations(hint)
    metas = [note for note in notes if isinstance(note, Meta)]
    limit = next((meta.max_length for meta in metas if meta.max_length), None)
    form = next((note for note in notes if isinstance(note, TextForm)), PLAIN)
    return Plan(
        name=field.encode_name,
        attribute=field.name,
        type=hint,
        type_of_text=_without_none(hint),
        required=field.required,
        expects=next((meta.description for meta in metas if meta.description), ""),
        form=form,
        longest=MOST_COMPOSED * limit if limit else LONGEST,
        changes_simple=form.trims_queries or BLANK_IS_ABSENT in notes,
        blank_is_absent=BLANK_IS_ABSENT in notes,
        passed_over=next((note for note in notes if isinstance(note, PassedOver)), _NONE),
        parse=next((note for note in notes if isinstance(note, Parse)), None),
        nested=next((kind for kind in _kinds(hint) if _is_struct(kind)), None),
        nested_list=next(((get_args(kind)[0], limit or 0) for kind in _kinds(hint) if _is_list(kind)), None),
    )


def _kinds(hint: Any) -> list[Any]:
    """Return the types that a hint is a union of, without annotations."""
    if get_origin(hint) is Annotated:
        return _kinds(get_args(hint)[0])
    if get_origin(hint) in {Union, UnionType}:
        return [kind for part in get_args(hint) for kind in _kinds(part)]
    return [hint]


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list and _is_struct(get_args(kind)[0])


def annotations(hint: Any) -> list[Any]:
    """Return the annotations of all `Annotated` types in a hint, including those in unions, outermost first."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return [*notes, *annotations(inner)]
    return [note for part in get_args(hint) for note in annotations(part)]


def _without_none(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return functools.reduce(lambda kind, note: Annotated[kind, note], notes, _without_none(inner))
    if get_origin(hint) in {Union, UnionType}:
        return Union[tuple([part for part in get_args(hint) if part is not NoneType])]  # noqa: UP007 - made at run time
    return hint
