"""Clients that hold connections, from one address: `python -m tests.faults.attackers KIND PORT ADDRESS NUMBER`.

A process of their own, so that they take no time from the clients that are measured. They go on until standard input
is closed.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

READ_NOTHING = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60
HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /api/v1/users/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
RECEIVE_BUFFER = 4096
PAUSE = 1.0

Hold = Callable[[socket.socket], Awaitable[None]]


async def never_read(client: socket.socket) -> None:
    """Ask for much and read nothing, not even the end of the connection."""
    await asyncio.get_running_loop().sock_sendall(client, READ_NOTHING)
    await asyncio.Event().wait()


async def stay_silent(client: socket.socket) -> None:
    """Send nothing, until the server closes."""
    await asyncio.get_running_loop().sock_recv(client, 1)


async def send_slowly(client: socket.socket, first: bytes) -> None:
    """Send the rest byte by byte, until the server closes."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client, first)
    while True:
        await asyncio.sleep(PAUSE)
        await loop.sock_sendall(client, b"x")


KINDS: dict[str, Hold] = {
    "never-read": never_read,
    "silent": stay_silent,
    "slow-head": lambda client: send_slowly(client, HEAD),
    "slow-body": lambda client: send_slowly(client, BODY),
}


async def attack(hold: Hold, port: int, address: str) -> None:
    """Hold a connection, and open another one whenever it is closed."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(OSError), socket.socket() as client:
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            client.bind((address, 0))
            await loop.sock_connect(client, ("127.0.0.1", port))
            await hold(client)
        await asyncio.sleep(0.01)


async def main(kind: str, port: str, address: str, number: str) -> None:
    """Attack with that many clients."""
    attackers = [asyncio.create_task(attack(KINDS[kind], int(port), address)) for _ in range(int(number))]
    await asyncio.to_thread(sys.stdin.read)
    for attacker in attackers:
        attacker.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
