"""Kept answers as structs."""

from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Struct, structs

S = TypeVar("S", bound=Struct)


def decode_answer(document: str, kind: type[S]) -> S:
    """Return an answer, a `kind`. Its fields need not keep the rules of today: older rows do not."""
    values = msgspec.json.decode(document, type=_without_rules(kind))
    return kind(**{name: getattr(values, name) for name in kind.__struct_fields__})


@cache
def _without_rules(kind: type[Struct]) -> type[Struct]:
    """Return a struct with the fields of a `kind`, which have its types, but not its bounds."""
    hints = get_type_hints(kind)
    field: Any = msgspec.field  # its types do not let one say that there is no default
    fields: list[tuple[str, Any, Any]] = [
        (each.name, hints[each.name], field(default=each.default, default_factory=each.default_factory))
        for each in structs.fields(kind)
    ]
    return msgspec.defstruct(kind.__name__, fields)
