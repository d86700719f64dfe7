"""One simple query on a connection, watched while it runs.

psycopg's cursors hide which of several statements failed, and sleep until the end; this loop shows the
results of the statements before the failing one, and calls the caller back four times a second.
"""

import select
from collections.abc import Sequence
from typing import Any, Protocol

from psycopg import Connection, OperationalError, pq, sql

from angidi.migrate.server_error import ServerError

_LOOK_EVERY = 0.25
_FAILED = {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.NONFATAL_ERROR}
_COPIES = {pq.ExecStatus.COPY_IN: "G", pq.ExecStatus.COPY_OUT: "H"}
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


def run_query(
    connection: pq.abc.PGconn, body: bytes, poll: Poll = keep_waiting, *, refuse_copy: bool = False
) -> ServerError | None:
    """Send `body` as one simple query and wait; return the error, or None where all went well.

    A lost or closed connection is an error without SQLSTATE. COPY FROM STDIN and COPY TO STDOUT are errors; with
    `refuse_copy` either closes the connection, as golang-migrate's driver does.
    """
    if b"\0" in body:  # libpq would send what is before it, and nothing more
        head = body[: body.index(b"\0")]
        if connection.parameter_status(b"client_encoding") != b"UTF8" or _is_utf8(head):
            return ServerError("invalid message format", 0, "08P01")
        body = head  # the server looks at it first, and refuses it as a whole, in its own words
    failure: ServerError | None = None
    index = 0
    try:
        connection.send_query(body)
        _flush(connection, poll)
        while result := _next_result(connection, poll):
            if copied := _COPIES.get(pq.ExecStatus(result.status)):
                if refuse_copy:
                    connection.finish()
                    return ServerError(f"unknown response for simple query: '{copied}'", index, protocol=True)
                failure = _end_copy(connection, result, index, poll) or failure
                continue
            if result.status in _FAILED:
                failure = failure or _server_error(result, index)
            index += 1
    except OperationalError as error:
        return failure or ServerError(str(error).strip(), index)
    if connection.status == pq.ConnStatus.BAD:  # libpq has no more results on a closed connection, as after success
        return failure or ServerError("the connection was closed", index)
    return failure


def run_statements(connection: Connection[Any], statements: Sequence[sql.Composable]) -> ServerError | None:
    """Run statements of our own as one simple query; `index` in the error tells which one failed."""
    return run_query(connection.pgconn, b"; ".join(each.as_bytes(connection) for each in statements))


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _end_copy(connection: pq.abc.PGconn, result: pq.abc.PGresult, index: int, poll: Poll) -> ServerError | None:
    """Bring the connection out of COPY; the error of COPY FROM STDIN comes from the server."""
    if result.status == pq.ExecStatus.COPY_IN:
        connection.put_copy_end(b"a migration file cannot bring data for COPY FROM STDIN")
        _flush(connection, poll)
        return None
    while (size := connection.get_copy_data(1)[0]) >= 0:
        if not size:
            _wait(connection, select.POLLIN)
            poll(sent=True)
    return ServerError("a migration file cannot give data by COPY TO STDOUT", index, "0A000")


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
