"""Names of fields in bodies: exact, else in any case."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from angidi.validation.names import exactly, fold

NAMES = {"name", "stock", "sku"}


def test_only_two_characters_beside_ascii_fold_to_ascii() -> None:
    folded = {chr(code): fold(chr(code)) for code in range(128, sys.maxunicode + 1) if fold(chr(code)).isascii()}
    assert folded == {"\u212a": "k", "\u017f": "s"}


@given(text=st.text())
def test_folding_twice_changes_nothing_of_an_ascii_name(text: str) -> None:
    if fold(text).isascii():
        assert fold(fold(text)) == fold(text)


def test_a_name_in_any_case_is_the_fields() -> None:
    values, twice = exactly({"NAME": 1, "\u017f\u212aU": 2, "Colour": 3}, NAMES)
    assert (values, twice) == ({"name": 1, "sku": 2, "Colour": 3}, {})


def test_the_exact_spelling_wins_wherever_it_stands() -> None:
    assert exactly({"Name": 1, "name": 2, "NAME": 3}, NAMES).values["name"] == 2
    assert exactly({"name": 2, "Name": 1}, NAMES).twice == {}


def test_two_inexact_ones_are_refused_under_the_fields_name() -> None:
    twice = exactly({"Stock": 1, "STOCK": 2, "Name": 3}, NAMES).twice
    assert {name: error.message for name, error in twice.items()} == {"stock": "stands twice, as 'Stock' and 'STOCK'"}
