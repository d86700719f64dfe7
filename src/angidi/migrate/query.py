"""One simple query on a connection, watched while it runs.

psycopg's cursors hide which of several statements failed, and sleep until the end; this loop shows the
results of the statements before the failing one, and lets the caller look around four times a second.
"""

import select
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import OperationalError, pq

_LOOK_EVERY = 0.25
_FAILED = {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.NONFATAL_ERROR}
_Field = pq.DiagnosticField


@dataclass(frozen=True, slots=True)
class ServerError:
    """What the server said about a failed statement; `index` counts the statements that went well before.

    `position` counts characters from 1 in the text that was sent; 0 where there is none. `timed_out` tells
    that we ended it ourselves, after `x-statement-timeout` in strict mode.
    """

    message: str
    index: int
    sqlstate: str = ""
    severity: str = "ERROR"
    detail: str = ""
    hint: str = ""
    context: str = ""
    position: int = 0
    timed_out: bool = False


def run_query(connection: pq.abc.PGconn, body: bytes, look: Callable[[], None]) -> ServerError | None:
    """Send `body` as one simple query and wait; return the error, or None where all went well.

    `look` is called every quarter of a second meanwhile; what it raises leaves the query running, so it
    should rather cancel it. A lost connection is an error without SQLSTATE.
    """
    failure: ServerError | None = None
    index = 0
    try:
        connection.send_query(body)
        while result := _next_result(connection, look):
            if result.status == pq.ExecStatus.COPY_IN:
                connection.put_copy_end(b"a migration file cannot bring data for COPY FROM STDIN")
            elif result.status in _FAILED:
                failure = failure or _server_error(result, index)
            index += 1
    except OperationalError as error:
        return failure or ServerError(str(error).strip(), index)
    return failure


def _next_result(connection: pq.abc.PGconn, look: Callable[[], None]) -> pq.abc.PGresult | None:
    while connection.is_busy():
        readable, _, _ = select.select([connection.socket], [], [], _LOOK_EVERY)
        if readable:
            connection.consume_input()
        look()
    return connection.get_result()


def _server_error(result: pq.abc.PGresult, index: int) -> ServerError:
    def field(name: pq.DiagnosticField) -> str:
        return (result.error_field(name) or b"").decode(errors="replace")

    return ServerError(
        message=field(_Field.MESSAGE_PRIMARY) or result.error_message.decode(errors="replace").strip(),
        index=index,
        sqlstate=field(_Field.SQLSTATE),
        severity=field(_Field.SEVERITY_NONLOCALIZED) or "ERROR",
        detail=field(_Field.MESSAGE_DETAIL),
        hint=field(_Field.MESSAGE_HINT),
        context=field(_Field.CONTEXT),
        position=int(field(_Field.STATEMENT_POSITION) or 0),
    )
