"""Writing the schema out as SQL, with the server's own pg_dump."""

import os
import shutil
import subprocess
from pathlib import Path

from psycopg import pq, sql

from angidi.migrate.errors import MigrateError

from .session import Session

_ENVIRONMENT = {
    option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar
}


def dump(session: Session, program: Path | None = None) -> str:
    """Return the schema as `pg_dump` writes it, without owners, privileges and the version table.

    The address goes to it by its environment, never on its command line. Raises `MigrateError`.
    """
    executable = str(program) if program else shutil.which("pg_dump")
    if not executable:
        raise MigrateError("pg_dump was not found", "Name it with --pg-dump.")
    settings = {_ENVIRONMENT[key]: value for key, value in session.target.connect.items() if key in _ENVIRONMENT}
    table = session.table.name.as_string(session.connection)
    schema = sql.Identifier(session.table.schema).as_string(session.connection)
    arguments = ["--schema-only", "--no-owner", "--no-privileges", f"--exclude-table={table}"]
    result = subprocess.run(  # noqa: S603 - no shell; the program is pg_dump or what the operator named
        [executable, *arguments, f"--schema={schema}"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise MigrateError(
            session.target.redact(result.stderr.strip()),
            "Where the versions differ, name a pg_dump of the server's version with --pg-dump.",
        )
    lines = [line for line in result.stdout.splitlines() if not line.startswith((r"\restrict", r"\unrestrict"))]
    return "\n".join(lines) + "\n"
