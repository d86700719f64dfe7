"""The connections of this process as the kernel knows them. Granian shows the application none before its request."""

import os
import socket
import struct
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

DESCRIPTORS = "/proc/self/fd"

CAN_LIST = sys.platform == "linux"
"""Whether `list_connections` and `limit_unsent` work on this system."""

_TCP_INFO = struct.Struct("=24xI92xQQ8xI")
"""Of Linux' `struct tcp_info`: tcpi_unacked, tcpi_bytes_acked, tcpi_bytes_received, tcpi_notsent_bytes."""

_ABORT = struct.pack("ii", 1, 0)
"""The `SO_LINGER` by which closing drops what the client has not read."""


class ConnectionInfo(NamedTuple):
    """What the kernel knew of a connection at one moment; later `descriptor` may be of another one.

    `peer` is address and port of the client. `received` is the number of bytes that came from it, `acknowledged` the
    number of those sent that it has acknowledged, and `is_sending` tells whether there are more.
    """

    descriptor: int
    peer: tuple[str, int]
    received: int
    acknowledged: int
    is_sending: bool


def list_connections(port: int) -> Iterator[ConnectionInfo]:
    """Yield each connection that this process has accepted at `port`."""
    for number in _descriptors():
        # Granian may close the descriptor, and get the number again, at any time: so it is only read, and left open.
        with suppress(OSError):
            sock = socket.socket(fileno=number)
            try:
                connection = _inspect(sock, port)
            finally:
                sock.detach()
            if connection:
                yield connection


def abort(connection: ConnectionInfo) -> bool:
    """Close the connection, whatever its state; return False if it is closed already."""
    with suppress(OSError), _duplicate(connection.descriptor) as sock:
        if sock.getpeername()[:2] == connection.peer:  # a duplicate stays the same connection
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            sock.shutdown(socket.SHUT_RDWR)
            return True
    return False


def limit_unsent(port: int, size: int) -> bool:
    """Let the kernel hold `size` unsent bytes at most, for each connection that is accepted at `port` from now on.

    Returns False if this process does not listen at `port`.
    """
    for number in _descriptors():
        with suppress(OSError), _duplicate(number) as sock:
            own = sock.getsockname()
            is_listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if is_listening and isinstance(own, tuple) and own[1] == port:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size)
                return True
    return False


def _descriptors() -> list[int]:
    return [int(name) for name in os.listdir(DESCRIPTORS)]  # noqa: PTH208 - no paths


@contextmanager
def _duplicate(descriptor: int) -> Generator[socket.socket]:
    """Provide a duplicate of the socket. Raises `OSError`, also if the descriptor is of something else."""
    duplicate = os.dup(descriptor)
    try:
        sock = socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise
    with sock:
        yield sock


def _inspect(sock: socket.socket, port: int) -> ConnectionInfo | None:
    """Return what the kernel knows of `sock`; None if that is no connection accepted at `port`. Raises `OSError`."""
    own = sock.getsockname()
    if not isinstance(own, tuple) or own[1] != port:
        return None
    peer = sock.getpeername()
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    unacknowledged, acknowledged, received, unsent = _TCP_INFO.unpack(info)
    return ConnectionInfo(sock.fileno(), peer[:2], received, acknowledged, bool(unacknowledged or unsent))
