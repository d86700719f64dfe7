"""A TCP proxy on the loopback that can lose answers: the server has done its work, the client does not hear of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Proxy:
    """Passes connections on to a port. While `drops` holds, no answer goes back; `dropped` counts those."""

    def __init__(self, port: int) -> None:
        self.drops = True
        self.dropped = 0
        self.port = 0
        self._target = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass a request on, and its whole answer back unless that is to be lost."""
        upstream, server = await asyncio.open_connection("127.0.0.1", self._target)
        forward = asyncio.create_task(_copy(reader, server))
        answer = await upstream.read()
        if self.drops:
            self.dropped += 1
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()
        await forward
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def proxied(port: int) -> AsyncGenerator[Proxy]:
    """Give a proxy before a port, which ends with the block."""
    proxy = Proxy(port)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy
