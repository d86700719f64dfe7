"""Rows as structs."""

import pytest
from msgspec import Struct

from angidi.db import Database
from angidi.db.rows import fetch_all, fetch_one


class Pair(Struct, frozen=True):
    first: int
    second: str = "default"


async def test_a_row_becomes_a_struct_by_position(db: Database) -> None:
    assert await db.read(fetch_one, Pair, "SELECT 1 AS first, 'b' AS second") == Pair(1, "b")


async def test_fields_at_the_end_may_be_left_to_their_defaults(db: Database) -> None:
    assert await db.read(fetch_all, Pair, "SELECT n AS first FROM generate_series(1, 2) AS n") == [Pair(1), Pair(2)]


async def test_no_row_is_none(db: Database) -> None:
    assert await db.read(fetch_one, Pair, "SELECT 1 AS first WHERE false") is None


async def test_columns_in_another_order_than_the_fields_are_refused(db: Database) -> None:
    with pytest.raises(TypeError, match="do not fit Pair"):
        await db.read(fetch_one, Pair, "SELECT 'b' AS second, 1 AS first")
