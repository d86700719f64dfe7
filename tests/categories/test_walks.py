"""The list of categories, walked through while others write: the naive model's pages."""

from typing import NamedTuple
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, structs
from tests.support.api import Api
from tests.support.walks import Answer, Model, Table, Walk, Write, compare

from angidi.categories.models import CategoryQuery
from angidi.db import Connection


class Row(NamedTuple):
    """A category as the model knows it."""

    id: UUID
    name: str
    parent_id: UUID | None


ROOTS = [Row(UUID(int=1), "Cups", None), Row(UUID(int=2), "cafe", None)]
NAMES = [
    "Cups",
    "cups",
    "C-ups",
    "\u00c7ups",
    "cafe",
    "caf\u00e9",
    "cafe\u0301",
    "Stra\u00dfe",
    "Strasse",
    "\u0131",
    "i",
    "I",
]
RANKED = "SELECT text, dense_rank() OVER (ORDER BY text) FROM unnest(%(texts)s::text[]) AS text"

ROWS = st.builds(
    Row,
    id=st.integers(3, 2**128 - 1).map(lambda number: UUID(int=number)),
    name=st.sampled_from(NAMES),
    parent_id=st.sampled_from([ROOTS[0].id, ROOTS[1].id, None]),
)
QUERIES = st.builds(
    CategoryQuery,
    parent_id=st.sampled_from([UNSET, UNSET, None, ROOTS[0].id, UUID(int=0)]),
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
    pool_api: Api, writer: Connection, rows: list[Row], query: CategoryQuery, walk: Walk
) -> None:
    """The key that keeps the names of siblings apart is dropped, so that many are equal."""

    async def page(_: int, cursor: str | None, size: int) -> Answer:
        found = await pool_api.services.categories.page(structs.replace(query, cursor=cursor, page_size=size))
        return Answer([category.id for category in found.categories], found)

    await writer.execute("ALTER TABLE categories DROP CONSTRAINT IF EXISTS categories_parent_id_name_key")
    await writer.execute("DELETE FROM categories")
    ranks: dict[str, int] = dict(await (await writer.execute(RANKED, {"texts": NAMES})).fetchall())
    await Table(writer, "categories", Row._fields).fill(ROOTS)
    table = Table(writer, "categories", Row._fields)
    await table.fill(rows)
    model = Model(
        rows,
        lambda row: query.parent_id in {UNSET, row.parent_id},
        lambda row: (ranks[row.name], row.id),
        descending=False,
        always=ROOTS,
    )
    await compare(model, walk, page, table)
