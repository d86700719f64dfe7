"""Decoding at once and field by field: one and the same, whatever comes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.categories.csv_rows import CategoryRow
from angidi.categories.models import CategoryChanges, CategoryQuery, NewCategory
from angidi.products.csv_rows import ProductRow
from angidi.products.models import NewProduct, ProductChanges, ProductQuery
from angidi.users.models import NewUser, UserQuery
from angidi.validation import fields
from angidi.validation.fields import Handling, decode, field_by_field
from angidi.validation.plans import BLANK_IS_ABSENT, Parse, PassedOver
from angidi.validation.texts import NAME, SKU, VERBATIM


def shouted(value: object) -> object:
    """Convert as no type would: what comes out must not be converted again."""
    if value == "":
        raise ValueError("must not be empty")
    return value.upper() if isinstance(value, str) else value


class Odd(Struct, frozen=True):
    """Every marker, and conversions that the type's own would change."""

    named: Annotated[str | UnsetType | None, NAME, PassedOver(("", None))] = UNSET
    zero: Annotated[int | UnsetType, PassedOver((0,))] = UNSET
    unset: Annotated[str | UnsetType | None, SKU, PassedOver(("",)), BLANK_IS_ABSENT] = UNSET
    choice: Literal["only", "null"] | None = None
    number: int | None = None

    kept: Annotated[str, VERBATIM, Meta(max_length=3)] = ""
    blank: Annotated[str, BLANK_IS_ABSENT] | UnsetType | None = UNSET
    parsed: Annotated[int | None, Parse(shouted)] = None
    text: Annotated[str | None, Parse(shouted, fallback=True)] = None
    flag: bool = False


BODIES = [NewProduct, ProductChanges, NewCategory, CategoryChanges, NewUser, Odd]
TEXTS = [ProductRow, CategoryRow, ProductQuery, CategoryQuery, UserQuery, Odd]

TEXT = st.one_of(
    st.sampled_from([
        "", " ", "null", "true", "False", "1", "0", "-1", " 7 ", "7.10", "1e2", "NaN", "1_0", "\0", "a\0b", "\ud800",
        "only", "root", "name", "Null", "e\u0301\u200b  \u00ad x",
        "Espresso cup", " Espresso cup ", "x" * 256, "line\nbreak", "https://shop.example/x",
        "https://[", "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22", "0198C5A0-9D21-7D53-8B0E-6D1F0A3C4E22",
    ]),
    st.text(st.characters(), max_size=5),
)  # fmt: skip
SCALARS = st.one_of(
    TEXT,
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([1, 0, 3, Decimal("7.10"), Decimal("1.0"), Decimal("1e400"), Decimal("1.005"), 2**70]),
    st.lists(st.none(), max_size=1),
    st.just({"a": 1}),
)


RIGHT = {
    "name": " Espresso cup ",
    "price": "7.10",
    "stock": "3",
    "category_id": "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22",
    "email": "user@shop.example",
    "password": " correct horse ",
    "sku": "A-1",
    "id": "1",
}
EXACT = {"price": Decimal("7.10"), "stock": 3}


def merged(parts: tuple[Mapping[str, Any], Mapping[str, Any]]) -> dict[str, Any]:
    return {**parts[0], **parts[1]}


def values_for(into: type[Struct], values: st.SearchStrategy[Any], right: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Give values for some fields, and right ones for none or all of the others."""
    fields = into.__struct_fields__
    names = st.sampled_from([*fields, *map(str.upper, fields), *map(str.title, fields), "unknown", "\ud800"])
    rest = {name: value for name, value in right.items() if name in into.__struct_fields__}
    return st.tuples(st.sampled_from([{}, rest]), st.dictionaries(names, values)).map(merged)


def both(values: Mapping[str, object], into: type[Struct], handling: Handling) -> tuple[str, str]:
    """Return what decoding gives, and what it gives field by field; types are compared too."""
    decoded = decode(values, into, **handling._asdict())
    slow = field_by_field(values, into, handling)
    return repr((decoded.value, decoded.refused)), repr((slow.value, slow.refused))


@pytest.mark.parametrize("into", BODIES)
@given(data=st.data(), strict=st.booleans())
def test_a_body_decoded_at_once_is_the_same_field_by_field(into: type[Struct], data: st.DataObject, strict: bool):
    values = data.draw(values_for(into, SCALARS, RIGHT | EXACT))
    decoded, slow = both(values, into, Handling(strict, texts=False, trims=True))
    assert decoded == slow


@pytest.mark.parametrize("into", TEXTS)
@given(data=st.data(), strict=st.booleans(), trims=st.booleans())
def test_texts_decoded_at_once_are_the_same_field_by_field(
    into: type[Struct], data: st.DataObject, strict: bool, trims: bool
):
    values = data.draw(values_for(into, TEXT, RIGHT))
    decoded, slow = both(values, into, Handling(strict, texts=True, trims=trims))
    assert decoded == slow


def test_what_a_parse_returns_is_not_converted_again(monkeypatch: pytest.MonkeyPatch):
    values = {"parsed": "7", "text": "null"}
    assert repr(decode(values, Odd, strict=True, texts=True).value) == repr(Odd(parsed=cast("Any", "7"), text="NULL"))
    monkeypatch.setattr(fields, "field_by_field", None)
    assert decode({"kept": " a ", "blank": " ", "flag": "true"}, Odd, strict=True, texts=True).value == Odd(
        kept=" a ", flag=True
    )
