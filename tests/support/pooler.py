"""A pooler as PgBouncer before 1.22 is one: it gives a connection of the server from client to client as it is.

It speaks as much of the protocol as the reads of the application do: no COPY, no pipelines, no TLS.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg.conninfo import make_conninfo

Mode = Literal["transaction", "session"]

PARAMETERS = ("client_encoding", "DateStyle", "integer_datetimes", "server_encoding", "server_version", "TimeZone")
TLS_REQUESTS = (80877103, 80877104)
CANCEL = 80877102
PROCESS = 7
"""What it tells each client as the number of the server's process."""


@dataclass
class ServerConnection:
    """A connection to the server, which libpq made; its messages are passed on as they are."""

    made_by: psycopg.Connection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Pooler:
    """The pooler before the database `url`. The connection that became free last is given first."""

    def __init__(self, url: str, mode: Mode) -> None:
        self._url = url
        self._mode = mode
        self._free: list[ServerConnection] = []
        self._made: list[psycopg.Connection] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until it ends."""
        server: ServerConnection | None = None
        try:
            if not await _start(reader, writer):
                return  # a client that cancels
            server = await self._take()
            _greet(writer, server)
            if self._mode == "transaction":
                self._free.append(server)
                server = None
            while (message := await _read(reader))[:1] != b"X":
                server = server or await self._take()
                server.writer.write(message)
                if message[:1] in b"QS" and await _answer(server, writer) == b"I" and self._mode == "transaction":
                    self._free.append(server)
                    server = None
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _take(self) -> ServerConnection:
        if self._free:
            return self._free.pop()
        made_by = psycopg.connect(self._url, autocommit=True)  # blocks: a cancelled wait would leave it open
        self._made.append(made_by)
        own = socket.socket(fileno=os.dup(made_by.fileno()))
        own.setblocking(False)
        reader, writer = await _streams(own)
        self._writers.append(writer)
        return ServerConnection(made_by, reader, writer)

    def close(self) -> None:
        """Close the connections to the server."""
        for each in (*self._writers, *self._made):
            each.close()


async def _streams(own: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the streams of a socket that is connected, of whatever family."""
    if own.family == socket.AF_UNIX:
        return await asyncio.open_unix_connection(sock=own)
    return await asyncio.open_connection(sock=own)


async def _start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Read the first message, after a refusal of TLS; False for a request to cancel."""
    while True:
        (length,) = struct.unpack("!I", await reader.readexactly(4))
        (code,) = struct.unpack("!I", (await reader.readexactly(length - 4))[:4])
        if code not in TLS_REQUESTS:
            return code != CANCEL
        writer.write(b"N")


def _greet(writer: asyncio.StreamWriter, server: ServerConnection) -> None:
    writer.write(_message(b"R", struct.pack("!I", 0)))
    for name in PARAMETERS:
        value = server.made_by.info.parameter_status(name) or ""
        writer.write(_message(b"S", f"{name}\0{value}\0".encode()))
    writer.write(_message(b"K", struct.pack("!II", PROCESS, 7)) + _message(b"Z", b"I"))


async def _answer(server: ServerConnection, writer: asyncio.StreamWriter) -> bytes:
    """Pass an answer on, and return the state of the transaction that it ends with."""
    while (message := await _read(server.reader))[:1] != b"Z":
        writer.write(message)
    writer.write(message)
    await writer.drain()
    return message[-1:]


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head + await reader.readexactly(length - 4)


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


@asynccontextmanager
async def pooler(url: str, mode: Mode = "transaction") -> AsyncGenerator[str]:
    """Give the address of a pooler before the database `url`, which ends with the block."""
    between = Pooler(url, mode)
    with closing(between):
        async with await asyncio.start_server(between.serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            yield make_conninfo("", host="127.0.0.1", port=port, user="anybody", dbname="any", gssencmode="disable")
