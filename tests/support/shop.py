"""The one builder of a shop's rows: SQL that makes users, addresses, categories and products, one by one or in bulk.

What a test does not care for has a default; what it returns is run on any connection, and gives the ids.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal, LiteralString
from uuid import UUID

from psycopg import sql

from angidi.db import Connection, Database
from angidi.security import passwords

PASSWORD = "correct horse battery"

ADDRESS = {"recipient": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "country": "GB"}
"""An address to ship to, as a request has it."""

KITCHEN = UUID("550e8400-e29b-41d4-a716-446655440001")
CUPS = UUID("550e8400-e29b-41d4-a716-446655440002")
BOOKS = UUID("550e8400-e29b-41d4-a716-446655440003")

Table = Literal["users", "addresses", "categories", "products"]

DEFAULTS: Mapping[Table, Mapping[str, LiteralString]] = {
    "users": {"email": "'user' || n || '@shop.example'", "password_hash": "'-'", "name": "'User ' || n"},
    "addresses": {
        "user_id": "(SELECT id FROM users ORDER BY created_at, id LIMIT 1)",
        "recipient": "'Ada Lovelace'",
        "line1": "'Street ' || n",
        "city": "'London'",
        "country": "'GB'",
    },
    "categories": {"name": "'Category ' || n"},
    "products": {
        "name": "'Product ' || n",
        "price": "7.5",
        "category_id": "(SELECT id FROM categories ORDER BY name, id LIMIT 1)",
    },
}
"""What the columns without a default of their own come to in row `n`, as SQL."""


def rows(table: Table, *given: Mapping[str, object]) -> sql.Composed:
    """Return the statement that makes these rows, with values by column."""
    columns = list(dict.fromkeys([*DEFAULTS[table], *(name for row in given for name in row)]))
    made = [
        sql.SQL("({})").format(sql.SQL(", ").join(_value(table, name, row, number) for name in columns))
        for number, row in enumerate(given, 1)
    ]
    return _insert(table, columns) + sql.SQL("VALUES ") + sql.SQL(", ").join(made) + sql.SQL(" RETURNING id")


def many(table: Table, count: int, **columns: LiteralString | UUID) -> sql.Composed:
    """Return the statement that makes that many rows: by column an id, or an SQL expression of the row's number `n`."""
    expressions: dict[str, LiteralString | UUID] = {**DEFAULTS[table], **columns}
    selected = sql.SQL(", ").join(
        sql.Literal(each) if isinstance(each, UUID) else sql.SQL(each) for each in expressions.values()
    )
    numbers = sql.SQL(" FROM generate_series(1, {}) AS n RETURNING id").format(count)
    return _insert(table, list(expressions)) + sql.SQL("SELECT ") + selected + numbers


async def make(database: Database, statement: sql.Composed) -> list[UUID]:
    """Make the rows of `rows` or `many` through a database as services hold it."""
    return await database.write(_ids, statement)


def three_categories() -> sql.Composed:
    """Return the statement that makes Kitchen with Cups below it, and Books."""
    return rows(
        "categories",
        {"id": KITCHEN, "name": "Kitchen", "parent_id": None},
        {"id": CUPS, "name": "Cups", "parent_id": KITCHEN},
        {"id": BOOKS, "name": "Books", "parent_id": None},
    )


@cache
def password_hash() -> str:
    """Return a hash of `PASSWORD`, made once: it takes as long as many a test."""
    return passwords._HASHER.hash(PASSWORD)  # pyright: ignore[reportPrivateUsage] - with the parameters in force


async def _ids(conn: Connection, statement: sql.Composed) -> list[UUID]:
    return [row[0] for row in await (await conn.execute(statement)).fetchall()]


def _insert(table: Table, columns: list[str]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("INSERT INTO {} ({}) ").format(sql.Identifier(table), names)


def _value(table: Table, name: str, row: Mapping[str, object], number: int) -> sql.Composable:
    if name in row:
        return sql.Literal(row[name])
    if name in DEFAULTS[table]:
        return sql.SQL("(SELECT {} FROM (VALUES ({})) AS numbers (n))").format(
            sql.SQL(DEFAULTS[table][name]), sql.Literal(number)
        )
    return sql.DEFAULT
