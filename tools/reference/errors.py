"""docs/reference/errors.md: every error code, and the error of each SQLSTATE."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from psycopg.errors import lookup
from psycopg_pool import PoolTimeout

from angidi.db.errors import translate
from angidi.errors import REGISTRY, AngidiError, Unavailable
from angidi.http.core.errors import status_of
from tools.reference.api import described
from tools.reference.tables import code, table

ADVICE: dict[str, str] = {
    "VALIDATION_ERROR": "Correct the fields that `details` names; `field` is spelt as in the JSON.",
    "INVALID_REQUEST": "Send one JSON object in UTF-8, no key twice at any depth, within ten seconds.",
    "MISSING_TOKEN": "Send `Authorization: Bearer <access_token>`.",
    "INVALID_TOKEN_FORMAT": "Write the word `Bearer`, one space and the token.",
    "EXPIRED_TOKEN": "Get a new one by `POST /users/refresh-token`; if it is the refresh token, log in.",
    "INVALID_TOKEN": "Log in again. The session may have ended, the account be gone, or the token of the other kind.",
    "INVALID_CREDENTIALS": "Check address and password; which of them is wrong is never said.",
    "FORBIDDEN": "Ask an admin. The role counts as it is now, not as it was when the token was made.",
    "NOT_FOUND": "Check the address.",
    "USER_NOT_FOUND": "Check the id; the account may have been deleted.",
    "PRODUCT_NOT_FOUND": "Check the id; the product may have been deleted, and can be restored.",
    "CATEGORY_NOT_FOUND": "Check the id.",
    "ADDRESS_NOT_FOUND": "Check the id; only your own addresses count.",
    "ORDER_NOT_FOUND": "Check the id; only an admin sees orders of others.",
    "RESERVATION_NOT_FOUND": "Check the id; the reservation may have been deleted or belong to another account.",
    "METHOD_NOT_ALLOWED": "Use a method that the header `Allow` names.",
    "EMAIL_EXISTS": "Log in, or take another address. Case makes no difference.",
    "LAST_ADMIN": "Make another admin first.",
    "CATEGORY_EXISTS": "Take another name, or another parent.",
    "CATEGORY_CYCLE": "Choose a parent that is not below the category.",
    "CATEGORY_TOO_DEEP": "Choose a parent nearer to the root.",
    "CATEGORY_IN_USE": "Move the products first. Deleted ones count, too: restore and move them, or have them purged.",
    "SKU_EXISTS": "Take another SKU, or change the product that has it: `details` name its id.",
    "DEFAULT_ADDRESS_EXISTS": "Try again.",
    "TOO_MANY_ADDRESSES": "Delete an address first.",
    "INSUFFICIENT_STOCK": "Order no more than what `details` say is left, or take these lines out.",
    "STOCK_FULL": "An admin corrects the stock of the products that `details` name; then send the request again.",
    "TOTAL_CHANGED": "Read the products again, show the new total, and order with it.",
    "ORDER_STATE": "Read the order again: the message names its state.",
    "RESERVATION_EXPIRED": "Make a new reservation, or order by `items`.",
    "TOO_MANY_RESERVATIONS": "Use or delete a reservation first.",
    "IDEMPOTENCY_IN_PROGRESS": "Wait as many seconds as `Retry-After` says, and send the same request again.",
    "VERSION_MISMATCH": "Read the resource again, apply your change to it, and send its new `ETag`.",
    "IDEMPOTENCY_KEY_REUSED": "Take a new key for each action; repeat one only with the same request.",
    "PRECONDITION_REQUIRED": "Send `If-Match` with the `ETag` of the resource as you read it.",
    "PAYLOAD_TOO_LARGE": "Send less: a body may have 64 KiB, that of `POST /products/bulk` or `…/import` 4 MiB.",
    "RATE_LIMIT_EXCEEDED": "Wait as many seconds as `Retry-After` says.",
    "INTERNAL_ERROR": "Report it with the `request_id`, by which the operator finds it in the log.",
    "DATABASE_UNAVAILABLE": "Wait as many seconds as `Retry-After` says, and try again.",
}
"""Advice to clients by code. `make docs` fails if a code lacks a line here, or a line lacks its code."""

CATEGORIES_ONLY = frozenset({"CONFLICT"})
"""Codes of a category that is never raised itself."""

STATES: tuple[tuple[str, str], ...] = (
    ("08006", "the connection failed"),
    ("22003", "a number is out of range"),
    ("22P05", "a character cannot be stored"),
    ("25006", "the server takes no writes"),
    ("25P03", "the transaction was left idle for too long"),
    ("40001", "the transaction could not be serialized"),
    ("40P01", "deadlock"),
    ("53100", "the disk is full"),
    ("53300", "too many connections"),
    ("55P03", "a lock was not to be had in time"),
    ("57014", "the statement took too long, or was cancelled"),
    ("57P01", "the server is shutting down"),
    ("58030", "the server cannot read or write a file of its own"),
    ("42601", "a statement of ours is wrong"),
)
"""Examples of each distinguished SQLSTATE class, constraints excepted."""

PAGE = """\
# Errors

Made by `make docs` from the code, and compared with it by `make check`.

Every error has one shape: `{"error": {"code", "message", "details"?: [{"field", "message"}], "request_id"}}`. Programs
read `code`, people `message`. `details` has one entry for each field that is wrong. The same `request_id` stands in the
header `X-Request-ID` and in the server's log.
"""

MANY = 6
"""Above this number, calls are counted instead of listed."""

CONSTRAINTS = """\
## Constraints of the database

The database holds the invariants. A violated constraint becomes the error that is declared for it; a test compares
this list with the catalogue, both ways. A foreign key has two sides: the row that refers, and the parent referred to.
PostgreSQL 18 reports the second as 23001, earlier versions as 23503.
"""

SQLSTATES = """\
## SQLSTATEs

What else PostgreSQL may say. Nothing of the classes 08, 25, 40, 53, 57 and 58 is ever a 500: each means that the same
request may succeed later. Work that was rolled back (class 40) is run again a few times before the client hears of
it. When a connection breaks under a change, whether it took effect is unknown, and the message says so. The log has a
line for each, with the kind of error, the statement and what the server said, and without any value of a parameter.

A parameter that cannot be stored is the caller's error. A stored value that cannot be read, such as the timestamp
`infinity`, is not: it is a 500, and the log has the statement and the reason.
"""


class Code(NamedTuple):
    """A public error code: its status, what it says, and the calls that answer with it."""

    name: str
    status: int
    messages: tuple[str, ...]
    calls: tuple[str, ...]


def page() -> str:
    """Return the page."""
    rows = [
        (code(each.name), str(each.status), " / ".join(each.messages), _where(each.calls), ADVICE[each.name])
        for each in codes()
    ]
    head = ("code", "status", "message", "answers", "what to do")
    return "\n".join([PAGE, table(head, rows), CONSTRAINTS, _constraints(), SQLSTATES, _states()])


def codes() -> list[Code]:
    """Return all public codes by status and name. Raises ValueError where ADVICE does not fit them."""
    by_code: defaultdict[str, list[type[AngidiError]]] = defaultdict(list)
    for kind in _kinds(AngidiError):
        by_code[kind.code].append(kind)
    if unfit := (set(by_code) - CATEGORIES_ONLY) ^ set(ADVICE):
        raise ValueError(f"tools/reference/errors.py: ADVICE and the code differ in {', '.join(sorted(unfit))}")
    calls = _calls()
    found = [
        Code(name, status_of(kinds[0]), tuple(_messages(kinds)), tuple(calls[name])) for name, kinds in by_code.items()
    ]
    return sorted((each for each in found if each.name in ADVICE), key=lambda each: (each.status, each.name))


def _kinds(kind: type[AngidiError]) -> Iterator[type[AngidiError]]:
    """Yield `kind` and all below it that are the package's own, by module and name."""
    yield kind
    for below in sorted(kind.__subclasses__(), key=lambda each: (each.__module__, each.__name__)):
        if below.__module__.startswith("angidi."):
            yield from _kinds(below)


def _messages(kinds: list[type[AngidiError]]) -> list[str]:
    """Return what these errors say; those about one field say it in `details`, under the code's own message."""
    return list(dict.fromkeys(kind.message for kind in kinds if kind.field is None))


def _calls() -> defaultdict[str, list[str]]:
    """Return the calls that are documented to answer with a code, by code."""
    calls: defaultdict[str, list[str]] = defaultdict(list)
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            for response in operation["responses"].values():
                for name in response.get("content", {}).get("application/json", {}).get("examples", {}):
                    calls[name].append(f"{method.upper()} {path}")
    return calls


def _where(calls: tuple[str, ...]) -> str:
    if not calls:
        return "any address"
    return " · ".join(map(code, calls)) if len(calls) <= MANY else f"{len(calls)} calls (see openapi.json)"


def _constraints() -> str:
    rows = [
        (
            code(table_name),
            code(name),
            "the parent's" if side == "parent" else "the row's",
            code(kind.code),
            f"{kind.field}: {kind.message}" if kind.field else kind.message,
        )
        for (table_name, name, side), kind in sorted(REGISTRY.items())
        if kind.__module__.startswith("angidi.")
    ]
    return table(("table", "constraint", "side", "code", "message"), rows)


def _states() -> str:
    rows: list[tuple[str, str, str, str]] = []
    for state, meaning in STATES:
        error = translate(lookup(state)()) or AngidiError()
        waiting = f", Retry-After {error.retry_after}" if isinstance(error, Unavailable) else ""
        rows.append((code(state), meaning, f"{status_of(type(error))}{waiting}", f"{code(error.code)}: {error.text}"))
    rows += [
        _stateless(psycopg.OperationalError(), "the connection broke"),
        _stateless(PoolTimeout(), "no connection could be made in time"),
        _stateless(psycopg.DataError(), "a stored value cannot be read"),
    ]
    return table(("SQLSTATE", "meaning", "status", "answer"), rows)


def _stateless(raised: psycopg.Error, meaning: str) -> tuple[str, str, str, str]:
    """Return the row of an error that the driver raises, of which the server knows nothing."""
    error = translate(raised) or AngidiError()
    return ("none", meaning, str(status_of(type(error))), f"{code(error.code)}: {error.text}")
