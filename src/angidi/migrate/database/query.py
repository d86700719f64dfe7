"""One simple query on a connection, watched while it runs.

psycopg's cursors hide which of several statements failed, and sleep until the end; this loop shows the
results of the statements before the failing one, and calls the caller back four times a second.
"""

import select
from typing import Protocol

from psycopg import OperationalError, pq

from angidi.migrate.server_error import ServerError

_LOOK_EVERY = 0.25
_FAILED = {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.NONFATAL_ERROR}
_Field = pq.DiagnosticField


class Poll(Protocol):
    """Called at least every quarter of a second while a query is sent and runs.

    It may cancel the query, or close the connection. What it raises leaves the query running.
    """

    def __call__(self, *, sent: bool) -> None:
        """React; `sent` tells whether the server has been given the whole query."""
        ...


def keep_waiting(*, sent: bool) -> None:
    """Wait for the end of a query, whatever happens."""
    del sent


def run_query(connection: pq.abc.PGconn, body: bytes, poll: Poll = keep_waiting) -> ServerError | None:
    """Send `body` as one simple query and wait; return the error, or None where all went well.

    A lost or closed connection is an error without SQLSTATE.
    """
    failure: ServerError | None = None
    index = 0
    try:
        connection.send_query(body)
        _flush(connection, poll)
        while result := _next_result(connection, poll):
            if result.status == pq.ExecStatus.COPY_IN:
                connection.put_copy_end(b"a migration file cannot bring data for COPY FROM STDIN")
                _flush(connection, poll)
            elif result.status in _FAILED:
                failure = failure or _server_error(result, index)
            index += 1
    except OperationalError as error:
        return failure or ServerError(str(error).strip(), index)
    if connection.status == pq.ConnStatus.BAD:  # libpq has no more results on a closed connection, as after success
        return failure or ServerError("the connection was closed", index)
    return failure


def _flush(connection: pq.abc.PGconn, poll: Poll) -> None:
    """Send all that libpq holds back.

    psycopg's connections are non-blocking, so libpq keeps what the socket's buffer had no room for. What the
    server says meanwhile is read: it would stop reading while its own answers are not taken.
    """
    while connection.flush():
        _wait(connection, select.POLLIN | select.POLLOUT)
        poll(sent=False)


def _next_result(connection: pq.abc.PGconn, poll: Poll) -> pq.abc.PGresult | None:
    while connection.is_busy():
        _wait(connection, select.POLLIN)
        poll(sent=True)
    return connection.get_result()


def _wait(connection: pq.abc.PGconn, events: int) -> None:
    # poll and not select, which fails on a descriptor above 1,023 of a program that has many files open
    waiting = select.poll()
    waiting.register(connection.socket, events)
    ready = waiting.poll(_LOOK_EVERY * 1000)
    if any(happened & ~select.POLLOUT for _, happened in ready):
        connection.consume_input()


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
