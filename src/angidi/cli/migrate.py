"""`angidi migrate …`: the migration tool with the platform's files, on the configured database."""

from collections.abc import Generator
from contextlib import contextmanager

from angidi.cli.context import locate_database
from angidi.cli.schema_state import MIGRATIONS
from angidi.config import load
from angidi.db.inspection import reject_former_schema
from angidi.migrate.commands import build_group


@contextmanager
def _locate(create: bool) -> Generator[str]:
    """Provide the database URL that bypasses a pooler; `create` what is missing of an embedded database."""
    with locate_database(load(), create=create) as where:
        yield where.direct


group = build_group(MIGRATIONS, _locate, guard=reject_former_schema)
