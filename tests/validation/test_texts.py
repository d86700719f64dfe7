"""Normal forms of texts, and that every field which is stored has the right one."""

from unicodedata import is_normalized, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from angidi.categories.csv_rows import CategoryRow
from angidi.categories.models import CategoryChanges, NewCategory
from angidi.csvfiles import NamedRow
from angidi.products.csv_rows import ProductRow
from angidi.products.models import NewProduct, ProductChanges, ProductQuery
from angidi.users.models import Login, NameChange, NewUser, UserChanges
from angidi.validation.csv_rows import validate_row
from angidi.validation.plans import plans_of
from angidi.validation.texts import AS_GIVEN, LONGEST, NAME, PLAIN, SKU, VERBATIM, WORDS, TextForm

FORMS = {"PLAIN": PLAIN, "NAME": NAME, "SKU": SKU, "VERBATIM": VERBATIM, "WORDS": WORDS}
TEXTS = st.text(
    st.sampled_from(
        "eE \t\n\u00a0\u2003\u3000\u0301\u0316\u00e9\u00ad\u200b\u200c\u200d\u200e\u2060\ufeff\u1100\u1161\u212b"
    )
    | st.characters(),
    max_size=12,
)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(text=TEXTS)
def test_a_form_is_nfc_and_stays_as_it_is(form: TextForm, text: str) -> None:
    once = form.of(text)
    assert is_normalized("NFC", once)
    assert form.of(once) == once


@given(text=TEXTS)
def test_both_forms_of_unicode_become_one(text: str) -> None:
    for form in FORMS.values():
        assert form.of(normalize("NFD", text)) == form.of(normalize("NFC", text))


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (PLAIN, " e\u0301\u200b  x\n", "\u00e9\u200b  x"),
        (NAME, " Tea\u00a0\u3000\n\ufeff pot\u200b", "Tea pot"),
        (NAME, "e\u200b\u0301", "\u00e9"),
        (NAME, "a\u00ad\u200c\u200db", "a\u00ad\u200c\u200db"),
        (SKU, " A\u00ad1\u200c\u200d\u200e\u200f\u2060  B ", "A1  B"),
        (VERBATIM, " e\u0301\u200b ", " \u00e9\u200b "),
        (AS_GIVEN, " e\u0301 ", " e\u0301 "),
        (WORDS, "  a  b ", "a  b"),
    ],
)
def test_a_text_takes_its_form(form: TextForm, text: str, expected: str) -> None:
    assert form.of(text) == expected


def test_a_text_that_is_too_long_for_every_rule_is_not_composed() -> None:
    assert PLAIN.of("e\u0301" * LONGEST) == "e\u0301" * LONGEST
    assert PLAIN.of(" " * LONGEST + "e\u0301") == "\u00e9"


def test_white_space_of_a_query_stays_but_around_words() -> None:
    assert [form.of(" a ", trims=False) for form in (PLAIN, SKU, WORDS)] == [" a ", " a ", "a"]


STORED: dict[type[Struct], dict[str, TextForm]] = {
    NewProduct: {"name": NAME, "sku": SKU, "description": PLAIN},
    ProductChanges: {"name": NAME, "sku": SKU, "description": PLAIN},
    ProductRow: {"name": NAME, "sku": SKU, "description": PLAIN, "category": NAME},
    ProductQuery: {"sku": SKU, "q": WORDS, "search": PLAIN},
    NewCategory: {"name": NAME, "description": PLAIN},
    CategoryChanges: {"name": NAME},
    CategoryRow: {"name": NAME},
    NewUser: {"name": NAME, "email": PLAIN, "password": VERBATIM},
    NameChange: {"name": NAME},
    UserChanges: {"name": NAME},
    Login: {"email": PLAIN, "password": AS_GIVEN},
}


@pytest.mark.parametrize("into", STORED, ids=lambda into: into.__name__)
def test_a_field_has_its_form_wherever_it_enters(into: type[Struct]) -> None:
    plans = plans_of(into)
    assert {name: plans[name].form for name in STORED[into]} == STORED[into]


def test_a_row_of_a_file_is_normalised_as_a_body_is() -> None:
    cells = {"sku": "A\u00ad1", "name": " Cafe\u0301\u00a0 mug", "price": "1", "stock": "1", "category": " Cups\u200b "}
    row = validate_row(NamedRow(2, cells), ProductRow)
    assert row.value
    assert (row.value.sku, row.value.name, row.value.category) == ("A1", "Caf\u00e9 mug", "Cups")


def test_the_good_cells_of_a_refused_row_are_too() -> None:
    row = validate_row(NamedRow(2, {"sku": "A\u00ad1", "name": "x", "price": "1", "stock": "1"}), ProductRow)
    assert (row.value, row.texts["sku"]) == (None, "A1")


@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0f73", "\u0f81\u0f75"])
def test_a_text_of_a_million_marks_is_not_composed(marks: str) -> None:
    """Which would take hours."""
    text = "a" + marks * 500_000
    assert PLAIN.of(text, longest=len(text)) == text


def test_a_long_text_of_ordinary_marks_is_composed() -> None:
    assert PLAIN.of("e\u0301" * 2_000) == "\u00e9" * 2_000
