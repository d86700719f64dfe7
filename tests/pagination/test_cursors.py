"""Cursors: exact, signed, bound to list, sort and filters, and refused in any other shape."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from angidi.categories.models import CategoryQuery
from angidi.errors import Invalid
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import ByCreation, ByName, ByPrice, PageRequest, PageResult, Position, Total
from angidi.pagination.queries import MAXIMUM_CURSOR, PageQuery
from angidi.products.models import ProductQuery
from angidi.users.models import UserQuery

CURSORS = Cursors("a key")
ID = UUID("0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22")
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Row(Struct):
    """What a position is taken from."""

    created_at: datetime = MOMENT
    price: Decimal = Decimal("7.10")
    name: str = "Cup"
    id: UUID = ID


def cursor_of(query: PageQuery, row: object, by: type[Position], cursors: Cursors = CURSORS) -> str:
    """Return the cursor to behind `row`, which is the only one on its page."""
    found = PageResult(cursors.page_request(query, by), [row], Total(9), is_last=False)
    cursor = cursors.fields(query, found)["next_cursor"]
    assert isinstance(cursor, str)
    return cursor


def located(query: PageQuery, cursor: str, by: type[Position], cursors: Cursors = CURSORS) -> PageRequest:
    return cursors.page_request(structs.replace(query, cursor=cursor), by)


def refusal(cursor: str, cursors: Cursors = CURSORS, query: PageQuery | None = None) -> str:
    """Return why the cursor is refused."""
    with pytest.raises(Invalid) as refused:
        located(query or ProductQuery(), cursor, ByCreation, cursors)
    messages = {detail.field: detail.message for detail in refused.value.details}
    assert set(messages) == {"cursor"}
    return messages["cursor"]


ANY_ROW = st.builds(
    Row,
    created_at=st.datetimes(timezones=st.just(UTC)),
    price=st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=99999999),
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=255),
    id=st.uuids(),
)


@given(row=ANY_ROW, by=st.sampled_from([ByCreation, ByName, ByPrice]))
def test_a_position_comes_back_exactly(row: Row, by: type[Position]) -> None:
    cursor = cursor_of(ProductQuery(), row, by)
    assert located(ProductQuery(), cursor, by).after == by.of(row)
    assert len(cursor) <= MAXIMUM_CURSOR


def test_a_price_keeps_its_scale() -> None:
    asked = located(ProductQuery(), cursor_of(ProductQuery(), Row(), ByPrice), ByPrice)
    assert str(asked.after) == str(ByPrice(Decimal("7.10"), ID))


def test_the_longest_name_fits() -> None:
    cursor = cursor_of(ProductQuery(), Row(name="\U0001f375" * 255), ByName)
    assert len(cursor) < MAXIMUM_CURSOR


def test_a_cursor_knows_the_size_of_the_page_and_how_many_were_shown() -> None:
    cursor = cursor_of(ProductQuery(page=7, page_size=1), Row(), ByPrice)
    asked = located(ProductQuery(), cursor, ByPrice)
    assert (asked.page_size, asked.before, asked.page, asked.offset) == (1, 7, 8, 0)


def test_another_size_numbers_the_pages_anew() -> None:
    cursor = cursor_of(ProductQuery(page=7, page_size=1), Row(), ByPrice)
    asked = located(ProductQuery(page_size=4), cursor, ByPrice)
    assert (asked.page_size, asked.before, asked.page) == (4, 7, 2)


@pytest.mark.parametrize(
    "other",
    [
        ProductQuery(sort="created_at"), ProductQuery(search="cup"), ProductQuery(min_price=Decimal(1)),
        ProductQuery(max_price=Decimal(1)), ProductQuery(in_stock=True), ProductQuery(in_stock=False),
        ProductQuery(deleted="with"), ProductQuery(deleted="only"), ProductQuery(category_id=ID),
        ProductQuery(category_id=ID, subtree=True), UserQuery(), UserQuery(role="admin"), UserQuery(search="cup"),
        CategoryQuery(), CategoryQuery(parent_id=None), CategoryQuery(parent_id=ID), CategoryQuery(tree=True),
    ],
    ids=repr,
)  # fmt: skip
def test_a_cursor_is_of_no_use_with_another_list_sort_or_filter(other: PageQuery) -> None:
    assert "another list, sort or filters" in refusal(cursor_of(ProductQuery(), Row(), ByCreation), query=other)
    assert "another list, sort or filters" in refusal(cursor_of(other, Row(), ByCreation))


def test_paging_itself_is_no_filter() -> None:
    cursor = cursor_of(ProductQuery(page=3, page_size=5, count="exact"), Row(), ByCreation)
    assert located(ProductQuery(page=8, page_size=9, count="none"), cursor, ByCreation).counting == "none"


def test_a_filter_that_the_list_learns_later_leaves_cursors_valid() -> None:
    class Later(ProductQuery, frozen=True, kw_only=True):
        colour: str | None = None

    Later.__name__ = "ProductQuery"
    assert located(Later(), cursor_of(ProductQuery(), Row(), ByCreation), ByCreation).after
    assert "filters" in refusal(cursor_of(ProductQuery(), Row(), ByCreation), query=Later(colour="red"))


def test_a_cursor_of_the_previous_key_is_accepted_and_of_no_other() -> None:
    cursor = cursor_of(ProductQuery(), Row(), ByCreation, Cursors("former"))
    assert located(ProductQuery(), cursor, ByCreation, Cursors("new", "former")).after
    assert "unchanged" in refusal(cursor, Cursors("new"))
    assert "unchanged" in refusal(cursor, Cursors("new", "another"))


def test_every_change_of_a_character_is_seen() -> None:
    cursor = cursor_of(ProductQuery(), Row(), ByCreation)
    for place, char in enumerate(cursor):
        for other in "Aa0_" if char not in "Aa0_" else "Bb1-":
            assert "unchanged" in refusal(cursor[:place] + other + cursor[place + 1 :])


def test_every_shortened_or_lengthened_cursor_is_seen() -> None:
    cursor = cursor_of(ProductQuery(), Row(), ByCreation)
    for length in range(len(cursor)):
        assert "unchanged" in refusal(cursor[:length])
    for more in ["A", "=", "==", " ", "\n", ".", cursor]:
        assert "unchanged" in refusal(cursor + more)
        assert "unchanged" in refusal(more + cursor)


def test_two_spellings_of_the_same_bytes_are_not_both_accepted() -> None:
    """Python's decoder takes letters of the other alphabet's, and overlooks the bits that are left over."""
    cursor = next(
        text
        for text in (cursor_of(ProductQuery(), Row(name="x" * n), ByName) for n in range(50))
        if len(text) % 4 and text.rstrip("=")[-1] in "AQgw"
    )
    last = chr(ord(cursor[-1]) + 1)
    padding = "=" * (-len(cursor) % 4)
    assert urlsafe_b64decode(cursor[:-1] + last + padding) == urlsafe_b64decode(cursor + padding)
    assert "unchanged" in refusal(cursor[:-1] + last)


@given(text=st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_no_text_makes_anything_but_a_refusal(text: str) -> None:
    assert "unchanged" in refusal(text)


def test_a_signature_of_something_else_is_refused() -> None:
    """What another version of the program signed has our signature and not our shape."""
    query = ProductQuery()
    by_price = cursor_of(query, Row(), ByPrice)
    by_name = cursor_of(query, Row(), ByName)
    assert "unchanged" in refusal(by_price)
    assert "unchanged" in refusal(by_name)


def test_a_cursor_holds_nothing_but_what_its_reader_has_seen() -> None:
    cursor = cursor_of(ProductQuery(search="a word", page_size=3), Row(name="Espresso"), ByName, Cursors("the key"))
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"Espresso" in raw
    for hidden in [b"the key", b"a word", b"price"]:
        assert hidden not in raw


def test_the_same_moment_in_another_zone_is_the_same_position() -> None:
    shifted = Row(MOMENT.astimezone(timezone(timedelta(hours=5))))
    assert cursor_of(ProductQuery(), shifted, ByCreation) == cursor_of(ProductQuery(), Row(), ByCreation)
