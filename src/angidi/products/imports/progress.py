"""The stored progress of an import in batches, and the rows of its file that repeat a SKU. Each function is a step."""

from collections.abc import Iterable

from msgspec import Struct

from angidi.csvfiles import HEADER, Summary
from angidi.csvfiles.report import COUNTS
from angidi.db.copying import copy_in
from angidi.db.rows import Connection, execute, fetch_one
from angidi.errors import Conflict

BEGIN = """
INSERT INTO import_progress (digest, file, line)
VALUES (%(digest)s, %(file)s, %(line)s)
ON CONFLICT (digest) DO UPDATE
   SET file = excluded.file, line = excluded.line, added = 0, changed = 0, unchanged = 0, refused = 0,
       started_at = now(), updated_at = now()
 WHERE NOT %(resume)s
"""

FIND = """
SELECT digest, line, added, changed, unchanged, refused
  FROM import_progress
 WHERE digest = %(digest)s
"""

# Only from where this import stood: another one of the same file may have gone on meanwhile.
ADVANCE = """
UPDATE import_progress
   SET line = %(line)s, added = added + %(added)s, changed = changed + %(changed)s,
       unchanged = unchanged + %(unchanged)s, refused = refused + %(refused)s, updated_at = now()
 WHERE digest = %(digest)s AND line = %(from)s
RETURNING digest, line, added, changed, unchanged, refused
"""

END = "DELETE FROM import_progress WHERE digest = %(digest)s"

CREATE_SKUS = "CREATE TEMPORARY TABLE import_skus (line bigint NOT NULL, sku text NOT NULL) ON COMMIT DROP"

COPY_SKUS = "COPY import_skus (line, sku) FROM STDIN"

# It outlives the transaction, for the batches to come; one of an earlier import may be there.
FORGET_DUPLICATES = "DROP TABLE IF EXISTS import_duplicates"

FIND_DUPLICATES = """
CREATE TEMPORARY TABLE import_duplicates AS
SELECT line, first
  FROM (SELECT line, min(line) OVER (PARTITION BY sku) AS first FROM import_skus) AS found
 WHERE line > first
"""

REFUSE_DUPLICATES = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]')
                 || jsonb_build_object('column', 'sku', 'message', 'stands in line ' || duplicated.first || ' already')
  FROM import_duplicates AS duplicated
 WHERE staged.line = duplicated.line
"""


class ImportUnderWay(Conflict):
    """The same file is being imported by somebody else."""

    message = "Another import of this file has gone on meanwhile; this one has stopped."


class Progress(Struct, frozen=True):
    """The line of the last row of a file that is stored or refused, and the counts of all rows up to it."""

    digest: bytes
    line: int = HEADER
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def summary(self) -> Summary:
        """Return the counts alone."""
        return Summary(self.added, self.changed, self.unchanged, self.refused)


async def begin(conn: Connection, digest: bytes, file: str, *, resume: bool) -> Progress:
    """Return the stored progress of the file with this digest; without `resume` it is reset to the beginning."""
    parameters = {"digest": digest, "file": file, "line": HEADER, "resume": resume}
    await execute(conn, BEGIN, parameters)
    return await fetch_one(conn, Progress, FIND, parameters) or Progress(digest)


async def advance(conn: Connection, done: Progress, line: int, batch: Summary) -> Progress:
    """NamedRow that the batch after `done` was stored, up to `line`. Raises `ImportUnderWay`."""
    counts = {name: getattr(batch, name) for name in COUNTS}
    parameters = {"digest": done.digest, "from": done.line, "line": line, **counts}
    advanced = await fetch_one(conn, Progress, ADVANCE, parameters)
    if advanced is None:
        raise ImportUnderWay
    return advanced


async def end(conn: Connection, done: Progress) -> None:
    """Delete the progress and the duplicates of a file that is stored completely."""
    await execute(conn, END, {"digest": done.digest})
    await execute(conn, FORGET_DUPLICATES)


async def find_duplicates(conn: Connection, skus: Iterable[tuple[int, str]]) -> None:
    """Store, for the rest of the session, the lines whose SKU an earlier line has."""
    await execute(conn, FORGET_DUPLICATES)
    await execute(conn, CREATE_SKUS)
    await copy_in(conn, COPY_SKUS, skus)
    await execute(conn, FIND_DUPLICATES)


async def refuse_duplicates(conn: Connection) -> None:
    """Refuse the staged rows on these lines."""
    await execute(conn, REFUSE_DUPLICATES)
