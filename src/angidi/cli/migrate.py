"""`angidi migrate …`: the migration tool with the platform's files, on the configured database."""

from collections.abc import Generator
from contextlib import contextmanager

from angidi.cli.context import MIGRATIONS, resolve_database
from angidi.config import load
from angidi.db.inspection import reject_former_schema
from angidi.migrate.commands import build_group


@contextmanager
def _locate() -> Generator[str]:
    """Provide the database URL that bypasses a pooler."""
    with resolve_database(load()) as where:
        yield where.direct


group = build_group(MIGRATIONS, _locate, guard=reject_former_schema)
