"""What a transaction says about its changes: the setting `angidi.cause`, which triggers read."""

from angidi.changes import Cause
from angidi.db.rows import Connection, execute

SET = "SELECT set_config('angidi.cause', %(cause)s, true)"


async def set_cause(conn: Connection, cause: Cause) -> None:
    """Say who changes what until the transaction ends, and why."""
    await execute(conn, SET, {"cause": cause.json()})
