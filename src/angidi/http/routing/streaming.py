"""Answers that are longer than memory: sent block by block, as fast as the client reads.

An answer that cannot be completed is broken off. The client sees that: the last chunk, which marks the end, is missing.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from starlette.types import Receive, Scope, Send

from angidi.db.copying import Block
from angidi.http.middleware.compression import accepts_gzip

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.streams")

STALL = 30.0
"""Seconds that the client may take to read a block."""

LIMIT = 900.0
"""Seconds that the whole may take: what it is made from, a connection and a snapshot, is not held longer."""

LEVEL = 5
_GZIP = 31
"""What zlib takes for: a gzip header and the largest window."""


class CsvFile:
    """A CSV file as an answer, to be saved under a name; itself the ASGI application that sends it.

    What goes wrong before the first block is there is answered as usual. Where the client goes away the blocks are
    closed at once.
    """

    def __init__(self, blocks: AsyncGenerator[Block], filename: str) -> None:
        self._blocks = blocks
        self._headers = [
            (b"content-type", b"text/csv; charset=utf-8; header=present"),
            (b"content-disposition", f'attachment; filename="{filename}"'.encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer. Raises where it had to be broken off."""
        sending = asyncio.ensure_future(self._send(scope, send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            await asyncio.wait({sending, leaving})
        if not sending.cancelled():
            sending.result()

    async def _send(self, scope: Scope, send: Send) -> None:
        packed = accepts_gzip(scope)
        packer = zlib.compressobj(LEVEL, wbits=_GZIP) if packed else _Plain()
        headers = [*self._headers, (b"vary", b"Accept-Encoding"), *([(b"content-encoding", b"gzip")] if packed else [])]
        begun = False
        try:
            async with aclosing(self._blocks) as blocks, asyncio.timeout(LIMIT):
                async for block in blocks:
                    if not begun:
                        await send({"type": "http.response.start", "status": 200, "headers": headers})
                        begun = True
                    if scope["state"].get("head"):
                        break
                    if part := packer.compress(block.data):
                        async with asyncio.timeout(STALL):
                            await send({"type": "http.response.body", "body": part, "more_body": True})
        except Exception as error:
            if begun:
                log.warning("answer broken off", error=type(error).__name__, request_id=scope["state"]["request_id"])
            raise
        await send({"type": "http.response.body", "body": packer.flush(), "more_body": False})


class _Plain:
    """Packs as `zlib.compressobj` does, only not at all."""

    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


async def _left(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
