"""Write SCHEMA.md, schema.sql and definitions.json from a migrated, throw-away database."""

import subprocess
import tempfile
from pathlib import Path

import psycopg
from msgspec import json

from angidi.cli.schema_state import MIGRATIONS
from angidi.db.diagnostics.definitions import read_definitions
from angidi.embedded import EmbeddedServer
from angidi.migrate import Migrate, Source
from tools.schema_docs import render

PROJECT = Path(__file__).parents[1]
DATABASE = "angidi_schema"
DUMP = ("--schema-only", "--restrict-key=angidi", "--no-owner", "--no-privileges")
DEFINITIONS = "src/angidi/db/diagnostics/definitions.json"
DROP_BOOKKEEPING = "DROP TABLE schema_migrations; DROP SCHEMA angidi_migrate CASCADE"


def definitions(conn: psycopg.Connection) -> bytes:
    """Return what `angidi doctor` compares a schema with."""
    return json.format(json.encode(read_definitions(conn)), indent=1) + b"\n"


def main() -> None:
    """Write the files."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), durable=False) as server:
        server.create_database(DATABASE)
        url = server.url(DATABASE)
        with Migrate.open(Source(MIGRATIONS), url) as migrate:
            migrate.up()
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(DROP_BOOKKEEPING)  # the migration tool's own, no part of the schema
            (PROJECT / "docs/database/SCHEMA.md").write_text(render(conn), encoding="utf-8")
            (PROJECT / DEFINITIONS).write_bytes(definitions(conn))
        dump = subprocess.check_output([server.binaries / "pg_dump", *DUMP, f"--dbname={url}"], text=True)
        (PROJECT / "docs/reference/schema.sql").write_text(dump, encoding="utf-8")


if __name__ == "__main__":
    main()
