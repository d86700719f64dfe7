"""A TCP port of the loopback interface in front of the test server, which may fall silent."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg

_BYTES = 2**16


@dataclass
class Relay:
    """Passes bytes on in both directions, as long as `open` is set.

    `silent_after` many bytes to the server it ends to be set; `cut_after` so many pieces to it every connection ends.
    """

    server: socket.socket
    unix: bool
    address: str | tuple[str, int]
    silent_after: float = float("inf")
    cut_after: float = float("inf")
    open: threading.Event = field(default_factory=threading.Event)
    sockets: list[socket.socket] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def url(self, database_url: str) -> str:
        """The database's URL by way of the relay."""
        with psycopg.connect(database_url) as connection:
            user, password = connection.info.user, connection.info.password
        host, port = self.server.getsockname()
        return f"postgresql://{user}:{password}@{host}:{port}{urlsplit(database_url).path}?sslmode=disable"

    def resume(self) -> None:
        self.silent_after = float("inf")
        self.open.set()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.server.accept()
                behind = socket.socket(socket.AF_UNIX if self.unix else socket.AF_INET)
                self.sockets.extend((client, behind))
                behind.connect(self.address)
                self.start(self.pass_on, client, behind)
                self.start(self.pass_on, behind, client)

    def start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self.threads.append(thread)
        thread.start()

    def _count(self, sent: int) -> None:
        self.silent_after -= sent
        if self.silent_after < 0:
            self.open.clear()

    def close(self) -> None:
        """End every connection and thread."""
        self.resume()
        for each in (self.server, *self.sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for each in (self.server, *self.sockets):
            each.close()

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while self.open.wait() and (data := source.recv(_BYTES)):
                if source in self.sockets[::2]:
                    self._count(len(data))
                    self.cut_after -= 1
                if self.cut_after < 0:
                    break
                self.open.wait()
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay_to(database_url: str) -> Generator[Relay]:
    with psycopg.connect(database_url) as connection:
        host, port = connection.info.host, connection.info.port
    unix = host.startswith("/")
    address = f"{host}/.s.PGSQL.{port}" if unix else (host, port)
    server = socket.create_server(("127.0.0.1", 0))
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BYTES)  # else the kernel takes megabytes in silence
    relay = Relay(server, unix, address)
    relay.open.set()
    relay.start(relay.serve)
    try:
        yield relay
    finally:
        relay.close()
