"""Numbers as spreadsheets write them in one country or another."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from angidi.csvfiles.numbers import Decimals, detect_decimal, parse_number


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["24,90", "1.249,00", "0,95", ""], "comma"),
        (["24.90", "1,249.00"], "point"),
        (["1.249", "2.500", "7"], None),
        (["1,249"], None),
        (["1.249", "24,90"], "comma"),
        (["1,249", "24.90"], "point"),
        (["1.249.000"], "comma"),
        (["0,955"], "comma"),
        (["12345,678"], "comma"),
        (["7", "", "free", "1 249"], "point"),
        ([], "point"),
        (["24,90", "24.90"], None),
        (["24,90", "24.90", "7.10"], "point"),
        ([" 7,5 "], "comma"),
    ],
)
def test_the_decimal_separator_is_what_the_values_show(values: list[str], decimal: Decimals | None) -> None:
    assert detect_decimal(values) == decimal


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.249,00", "comma", "1249.00"),
        ("1,249.00", "point", "1249.00"),
        ("1.249", "comma", "1249"),
        ("1.249", "point", "1.249"),
        ("24,9", "comma", "24.9"),
        ("1'249.50", "point", "1249.50"),
        ("1\u202f249,50", "comma", "1249.50"),
        ("-1.249,5", "comma", "-1249.5"),
        ("1e3", "point", "1e3"),
    ],
)
def test_a_number_is_taken_exactly_as_written(text: str, decimal: Decimals, number: str) -> None:
    parsed = parse_number(text, decimal)
    assert isinstance(parsed, Decimal)
    assert str(parsed) == str(Decimal(number))


@pytest.mark.parametrize(
    ("text", "decimal"), [("24.90", "comma"), ("12.34,5", "comma"), ("24,90", "point"), ("x", "point")]
)
def test_what_is_no_number_stays_a_text(text: str, decimal: Decimals) -> None:
    assert parse_number(text, decimal) == text


@given(st.decimals(min_value=0, max_value=99_999_999, places=2))
def test_both_ways_of_writing_are_the_same_number(number: Decimal) -> None:
    english = f"{number:,}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english, "point") == parse_number(german, "comma") == number
    assert detect_decimal([english]) == "point"
    assert detect_decimal([german]) == "comma"
