"""A TCP proxy before a PostgreSQL that can hold everything back, as a frozen server or a broken network does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class HoldingProxy:
    """Passes connections on to the server of `url`; its own address is `url`.

    While `flows` is not set, nothing passes, and while `answers` is not set, nothing that the server sends.
    `connections` counts those that were made.
    """

    def __init__(self, url: str) -> None:
        self.flows = asyncio.Event()
        self.flows.set()
        self.answers = asyncio.Event()
        self.answers.set()
        self.connections = 0
        self.url = ""
        self._target = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: set[asyncio.Task[None]] = set()

    def listen_at(self, port: int) -> None:
        """Take the port as its address."""
        self.url = make_conninfo("", **{**self._target, "host": "127.0.0.1", "port": port, "sslmode": "disable"})

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def close(self) -> None:
        """Close all connections, and wait until that is done."""
        self.flows.set()
        self.answers.set()
        while serving := [task for task in self._serving if not task.done()]:
            self.cut()
            await asyncio.wait(serving, timeout=0.1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass a connection on, in both directions, until one side closes it."""
        self.connections += 1
        self._writers.append(writer)
        await self.flows.wait()
        upstream, server = await self._connect()
        self._writers.append(server)
        await asyncio.gather(
            self._copy(reader, server, self.flows), self._copy(upstream, writer, self.flows, self.answers)
        )

    def cut(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._target["host"], self._target.get("port", "5432")
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *gates: asyncio.Event) -> None:
        try:
            while data := await reader.read(65_536):
                for gate in gates:
                    await gate.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def holding(url: str) -> AsyncGenerator[HoldingProxy]:
    """Give a proxy before the server of `url`, which ends with the block."""
    proxy = HoldingProxy(url)
    async with await asyncio.start_server(proxy.accept, "127.0.0.1", 0) as server:
        proxy.listen_at(server.sockets[0].getsockname()[1])
        yield proxy
        await proxy.close()
