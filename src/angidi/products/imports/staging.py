"""The temporary table of a product import: the rows of the file, and the reasons for refusing them.

All rows are staged, refused ones with their reasons: every check sees the whole file, and the
process does not hold it in memory. Each function is a step on the connection given; all belong in one transaction.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import LiteralString, NamedTuple

from angidi.csvfiles import Refused
from angidi.db.columns import Names, columns_of, names
from angidi.db.copying import copy_in, stream_refused
from angidi.db.rows import Connection, execute
from angidi.products.csv_rows import STORED, ProductRow

# The columns of the file have the types of the table. `category` is the name or path of the category, where there is no
# `category_id`. `category_missing` is a row with neither, `lacks` names what else a new product needs, and a row with
# `picture_kept` says nothing of the picture.
CREATE = f"""
CREATE TEMPORARY TABLE import_products ON COMMIT DROP AS
SELECT NULL::bigint AS line, id, NULL::boolean AS category_missing, NULL::text AS lacks, NULL::boolean AS picture_kept,
       NULL::jsonb AS reasons, NULL::text AS category, {names(STORED)}
  FROM products
  WITH NO DATA
"""

FILE: Names = columns_of(ProductRow)
COPY: LiteralString = f"""
COPY import_products (line, id, category_missing, lacks, picture_kept, reasons, {names(FILE)}) FROM STDIN
"""

# Without statistics, the joins of the checks would be planned for a handful of rows.
ANALYZE = "ANALYZE import_products"

LIST_REFUSED = """
SELECT line, reasons
  FROM import_products
 WHERE reasons IS NOT NULL
 ORDER BY line
"""

# Now, not only at the end: a transaction around this one may import again.
DROP = "DROP TABLE import_products, import_names"


class StagedProduct(NamedTuple):
    """A row of the file on its way into `import_products`: its line, and its values by the columns of `COPY`."""

    line: int
    values: Sequence[object]


async def stage(conn: Connection, rows: Iterable[StagedProduct]) -> None:
    """Create the table and copy the rows into it, as they come."""
    await execute(conn, CREATE)
    await copy_in(conn, COPY, (row.values for row in rows))
    await execute(conn, ANALYZE)


def list_refused(conn: Connection) -> AsyncIterator[Refused]:
    """Yield the refused rows, by line."""
    return stream_refused(conn, LIST_REFUSED)


async def drop(conn: Connection) -> None:
    """Drop the table."""
    await execute(conn, DROP)
