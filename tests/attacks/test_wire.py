"""HTTP that no client sends, for every operation, as an admin: it is refused, and the connection ends.

Behind each attempt stands a whole second request, where a parser that is misled would find it. It is never answered.
"""

import re
import socket
from typing import NamedTuple

import httpx
import pytest
from tests.attacks.conftest import Target
from tests.openapi.support import JSON, Documented, examples, operations
from tests.support.tables import contents_of

HIDDEN = b"GET /livez HTTP/1.1\r\nHost: hidden\r\n\r\n"
PATIENCE = 20
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
pytestmark = pytest.mark.attack

LINE = b"{method} {path} HTTP/1.1\r\nHost: shop.example\r\n"

HEADS = {
    "two lengths": b"{line}Content-Length: 0\r\nContent-Length: 5\r\n",
    "a list of lengths": b"{line}Content-Length: 0, 0\r\n",
    "a length with a sign": b"{line}Content-Length: +0\r\n",
    "a length below zero": b"{line}Content-Length: -1\r\n",
    "a length in hexadecimal": b"{line}Content-Length: 0x0\r\n",
    "a length without end": b"{line}Content-Length: 99999999999999999999999\r\n",
    "no known coding": b"{line}Transfer-Encoding: xchunked\r\n",
    "identity": b"{line}Transfer-Encoding: identity\r\n",
    "chunks inside another coding": b"{line}Transfer-Encoding: chunked, identity\r\n",
    "a coding in quotation marks": b'{line}Transfer-Encoding: "chunked"\r\n',
    "a coding behind a vertical tab": b"{line}Transfer-Encoding: \x0bchunked\r\n",
    "a blank before the colon": b"{line}Transfer-Encoding : chunked\r\n",
    "a folded line": b"{line}Transfer-Encoding:\r\n chunked\r\n",
    "a name with a blank": b"{line}X Y: a\r\n",
    "a line without a colon": b"{line}nonsense\r\n",
    "a NUL": b"{line}X: a\0b\r\n",
    "a bare carriage return": b"{line}X: a\rTransfer-Encoding: chunked\r\n",
    "a thousand lines": b"{line}" + b"X: a\r\n" * 1_000,
    "a line of a megabyte": b"{line}X: " + b"a" * 2**20 + b"\r\n",
    "a path of 100,000 characters": b"{method} /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: shop.example\r\n",
    "a blank in the path": b"{method} /a b{path} HTTP/1.1\r\nHost: shop.example\r\n",
    "no version": b"{method} {path}\r\nHost: shop.example\r\n",
    "a version that nobody has": b"{method} {path} HTTP/9.9\r\nHost: shop.example\r\n",
    "chunks in HTTP/1.0": b"{method} {path} HTTP/1.0\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n",
    "no host": b"{method} {path} HTTP/1.1\r\n",
    "two hosts": b"{line}Host: hidden\r\n",
}
"""Heads that are wrong, without their last line."""

CHUNKED = b"{line}Transfer-Encoding: chunked\r\n\r\n"
BODIES = {
    "a size below zero": CHUNKED + b"-1\r\n{body}\r\n0\r\n\r\n",
    "a size with its base": CHUNKED + b"0x{size}\r\n{body}\r\n0\r\n\r\n",
    "a size without end": CHUNKED + b"10000000000000000\r\n{body}\r\n0\r\n\r\n",
    "a size that is no number": CHUNKED + b"many\r\n{body}\r\n0\r\n\r\n",
    "a size that is too small": CHUNKED + b"1\r\n{body}\r\n0\r\n\r\n",
    "bare line feeds": CHUNKED + b"{size}\n{body}\n0\n\n",
    "an extension of 100,000 characters": CHUNKED + b"{size};" + b"a" * 100_000 + b"\r\n{body}\r\n0\r\n\r\n",
    "a trailer of 100,000 characters": CHUNKED + b"{size}\r\n{body}\r\n0\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
}
"""Chunks that are wrong."""

CUT_OFF = {
    "a chunk that ends early": CHUNKED + b"ffff\r\n{body}",
    "chunks without an end": CHUNKED + b"{size}\r\n{body}\r\n",
    "a body that ends early": b"{line}Content-Length: 60000\r\n\r\n{body}",
}
AMBIGUOUS = {
    "length and chunks": b"{line}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"{line}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
}
NOWHERE = "0198c5a0-ffff-7fff-8fff-ffffffffffff"


class Reply(NamedTuple):
    """The statuses of all answers on a connection, and whether the server closed it."""

    statuses: list[int]
    is_closed: bool


def talk(port: int, sent: bytes, *, ends: bool = False) -> Reply:
    """Send bytes on a connection of their own, and return what comes until the server closes it."""
    received, is_closed = b"", True
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        try:
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(2**16):
                received += part
        except TimeoutError:
            is_closed = False
        except ConnectionError:
            pass  # closed while it was sent to
    return Reply([int(status) for status in STATUS.findall(received)], is_closed)


def request(target: Target, operation: Documented, form: bytes, *, missing: bool = False) -> bytes:
    """Return the bytes of a form: an operation on what is there, with a valid body."""
    ids = dict.fromkeys(target.ids, NOWHERE) if missing else target.ids
    path = operation.path.format_map(ids).encode()
    head = LINE + b"Authorization: Bearer " + target.admin.encode() + b"\r\n"
    body = valid_body(operation)
    values = {b"line": head, b"method": operation.method.encode(), b"path": path, b"body": body}
    for name, value in (values | {b"size": b"%x" % len(body)}).items():
        form = form.replace(b"{%s}" % name, value)
    return form.replace(b"{method}", operation.method.encode()).replace(b"{path}", path)


def valid_body(operation: Documented) -> bytes:
    content = operation.content.get("requestBody", {}).get("content", {})
    if JSON not in content:
        return b"sku,name\n" if content else b"{}"
    return httpx.Request("POST", "http://x", json=examples(content[JSON])[0]).content


each_operation = pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)


@each_operation
def test_a_head_that_is_wrong_is_refused(target: Target, operation: Documented) -> None:
    before = contents_of(target.database)
    for kind, form in HEADS.items():
        reply = talk(target.server.port, request(target, operation, form + b"\r\n") + HIDDEN)
        assert reply.is_closed, kind
        assert [status for status in reply.statuses if not 400 <= status < 500] == [], kind
        assert len(reply.statuses) <= 1, kind
    assert contents_of(target.database) == before


@each_operation
def test_a_body_that_is_wrong_changes_nothing(target: Target, operation: Documented) -> None:
    before = contents_of(target.database)
    for kind, form in (BODIES | CUT_OFF).items():
        hidden = b"" if kind in CUT_OFF else HIDDEN
        reply = talk(target.server.port, request(target, operation, form) + hidden, ends=kind in CUT_OFF)
        assert reply.is_closed, kind
        assert len(reply.statuses) <= 1, kind
        if operation.method != "GET":  # which is answered without a look at its body
            assert [status for status in reply.statuses if not 400 <= status < 500] == [], kind
    assert contents_of(target.database) == before


@each_operation
def test_of_length_and_chunks_the_chunks_count_and_nothing_behind_them(target: Target, operation: Documented) -> None:
    for kind, form in AMBIGUOUS.items():
        reply = talk(target.server.port, request(target, operation, form, missing=True) + HIDDEN)
        assert (len(reply.statuses), reply.is_closed) == (1, True), kind
        assert reply.statuses[0] < 500, kind


def test_a_second_request_that_is_not_hidden_is_answered(target: Target) -> None:
    """The control: what stands behind a whole request is seen where it should be."""
    last = HIDDEN.replace(b"hidden\r\n", b"shop.example\r\nConnection: close\r\n")
    assert talk(target.server.port, HIDDEN + last) == Reply([200, 200], is_closed=True)
