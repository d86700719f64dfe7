"""golang-migrate's exact words for a failure, with its accidents."""

from psycopg import pq

from angidi.migrate.server_error import ServerError

_UNLOCK = "in line 0: SELECT pg_advisory_unlock($1)"
_OPEN = "transaction start failed in line 0:  (details: pq: unexpected transaction status idle in transaction)"
_CLOSED = "sql: connection is already closed"
_ABORTED = "pq: current transaction is aborted, commands ignored until end of transaction block"


def migration_failed(error: ServerError, sent: str, left: pq.TransactionStatus) -> str:
    """Return golang-migrate's message for a failed migration; `sent` was sent, `left` is the transaction after it."""
    line, column = _place(sent, error.position)
    where = f" (column {column})" if column is not None else ""
    detail = f", {error.detail}" if error.detail else ""
    said = f"pq: {error.message}"
    what = f"migration failed: {error.message}{where}{detail}"
    if left == pq.TransactionStatus.INTRANS:
        return f"{_OPEN}\ndriver: bad connection {_UNLOCK}"
    if error.is_fatal:
        details, unlock = (said, "driver: bad connection") if error.protocol else ("driver: bad connection", _CLOSED)
        return f"migration failed in line 0: {sent} (details: {details})\n{unlock} {_UNLOCK}"
    text = f"{what} in line {line}: {sent} (details: {said})"
    if error.timed_out:
        return f"{text}\ndriver: bad connection {_UNLOCK}"
    return f"{text}\n{_ABORTED} {_UNLOCK}" if left == pq.TransactionStatus.INERROR else text


def _place(sent: str, position: int) -> tuple[int, int | None]:
    """Return line and column as golang-migrate computes them, CRLF counted as one character."""
    text = sent.replace("\r\n", "\n")
    if not 0 < position <= len(text):
        return 0, None
    before = text[:position]
    return before.count("\n") + 1, position - 1 - before.rfind("\n")
