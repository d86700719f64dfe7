"""What a transaction says about its changes: the setting `angidi.cause`, which triggers read."""

from typing import LiteralString

from angidi.changes import Cause
from angidi.db.rows import Connection, execute

SAID: LiteralString = "(SELECT set_config('angidi.cause', %(cause)s, true)) AS said (cause)"
"""What a single statement reads from to say its own cause: one round trip in place of four."""

SET = "SELECT set_config('angidi.cause', %(cause)s, true)"


async def set_cause(conn: Connection, cause: Cause) -> None:
    """Say who changes what until the transaction ends, and why."""
    await execute(conn, SET, {"cause": cause.json()})
