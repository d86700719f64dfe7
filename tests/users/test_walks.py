"""The list of users, walked through while others write: the naive model's pages."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.support.api import Api
from tests.support.walks import Answer, Model, Table, Walk, Write, compare

from angidi.db import Connection
from angidi.users.models import UserQuery

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Row(NamedTuple):
    """A user as the model knows them."""

    id: UUID
    email: str
    password_hash: str
    name: str
    role: str
    created_at: datetime
    deleted_at: datetime | None


IDS = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))
ROWS = st.builds(
    Row,
    id=IDS,
    email=st.sampled_from(["ada@shop.example", "grace@shop.example"]),
    password_hash=st.just("-"),
    name=st.sampled_from(["Ada", "ada", "Grace"]),
    role=st.sampled_from(["user", "admin"]),
    created_at=st.integers(0, 3).map(lambda number: MOMENT + timedelta(microseconds=number)),
    deleted_at=st.sampled_from([None, None, MOMENT]),
)
QUERIES = st.builds(
    UserQuery,
    role=st.sampled_from([None, None, "user", "moderator"]),
    search=st.sampled_from(["", "", "ADA", "race"]),
    deleted=st.sampled_from([None, None, "with", "only"]),
    count=st.sampled_from([None, "exact", "none"]),
)
WRITES = (
    st.builds(Write, st.integers(0, 50), ROWS)
    | st.builds(Write, st.integers(0, 50), st.none())
    | st.builds(Write, st.none(), ROWS)
)
WALKS = st.builds(
    Walk, st.lists(st.integers(1, 9), min_size=1, max_size=3), st.lists(st.lists(WRITES, max_size=3), max_size=6)
)


@given(rows=st.lists(ROWS, max_size=30, unique_by=lambda row: row.id), query=QUERIES, walk=WALKS)
async def test_a_walk_shows_the_models_pages_whatever_others_write_meanwhile(
    pool_api: Api, writer: Connection, rows: list[Row], query: UserQuery, walk: Walk
) -> None:
    """The key that keeps addresses apart is dropped, so that any rows will do."""

    def matches(row: Row) -> bool:
        return (
            query.deleted in {"with", "only" if row.deleted_at else None}
            and query.role in {None, row.role}
            and (query.search.lower() in row.name.lower() or query.search.lower() in row.email)
        )

    async def page(_: int, cursor: str | None, size: int) -> Answer:
        found = await pool_api.services.users.page(structs.replace(query, cursor=cursor, page_size=size))
        return Answer([user.id for user in found.users], found)

    await writer.execute("DROP INDEX IF EXISTS users_email_active_key")
    await writer.execute("DELETE FROM users")
    table = Table(writer, "users", Row._fields)
    await table.fill(rows)
    model = Model(rows, matches, lambda row: (row.created_at, row.id), descending=True)
    await compare(model, walk, page, table)
