"""The connections of this process, as the kernel knows them: granian shows the application none before its request."""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

DESCRIPTORS = "/proc/self/fd"

CAN_LOOK = sys.platform == "linux"
"""Whether this system tells what is needed here."""

_TCP_INFO = struct.Struct("=24xI92xQQ8xI")
"""Of Linux' `struct tcp_info`: tcpi_unacked, tcpi_bytes_acked, tcpi_bytes_received, tcpi_notsent_bytes."""

_ABORT = struct.pack("ii", 1, 0)
"""The `SO_LINGER` by which closing drops what the client has not read."""


class Look(NamedTuple):
    """A connection at one moment; a moment later `descriptor` may be of another one.

    `peer` is address and port of the client. `received` and `acknowledged` are bytes, from the client and by it.
    `is_sending` tells whether there are others that it has not acknowledged yet.
    """

    descriptor: int
    peer: tuple[str, int]
    received: int
    acknowledged: int
    is_sending: bool


def look_at_all(port: int) -> Iterator[Look]:
    """Look at each connection that this process has accepted at `port`."""
    for number in _descriptors():
        # The number may be closed, and used again, at any time: so nothing is done to it, and `detach` leaves it open.
        with suppress(OSError):
            sock = socket.socket(fileno=number)
            try:
                look = _look(sock, port)
            finally:
                sock.detach()
            if look:
                yield look


def abort(look: Look) -> bool:
    """Close the connection that was looked at, whatever its state; False if it is closed already."""
    with suppress(OSError), socket.socket(fileno=os.dup(look.descriptor)) as sock:
        if sock.getpeername()[:2] == look.peer:  # a duplicate stays the same connection
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            sock.shutdown(socket.SHUT_RDWR)
            return True
    return False


def limit_unsent(port: int, size: int) -> bool:
    """Let the kernel hold `size` unsent bytes at most, for each connection that is accepted at `port` from now on.

    Returns False if this process does not listen at `port`.
    """
    for number in _descriptors():
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as sock:
            own = sock.getsockname()
            is_listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if is_listening and isinstance(own, tuple) and own[1] == port:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size)
                return True
    return False


def _descriptors() -> list[int]:
    return [int(name) for name in os.listdir(DESCRIPTORS)]  # noqa: PTH208 - no paths


def _look(sock: socket.socket, port: int) -> Look | None:
    """Return None for what is no accepted connection. Raises `OSError`."""
    own = sock.getsockname()
    if not isinstance(own, tuple) or own[1] != port:
        return None
    peer = sock.getpeername()
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    unacknowledged, acknowledged, received, unsent = _TCP_INFO.unpack(info)
    return Look(sock.fileno(), peer[:2], received, acknowledged, bool(unacknowledged or unsent))
