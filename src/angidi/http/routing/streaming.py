"""Streamed responses: sent block by block, as fast as the client reads, and never held in memory as a whole.

A response that cannot be completed is cut off. The client sees that: the last chunk, which marks the end, is missing.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, Self

import structlog
from starlette.types import Receive

from angidi.db.copying import Block
from angidi.http.core.request import Request
from angidi.http.core.responses import Begin, StreamedResponse
from angidi.http.middleware.compression import accepts_gzip

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.streams")

STALL = 30.0
"""Seconds that the client may take to read a block."""

LIMIT = 900.0
"""Seconds that a whole response may take: it holds a connection and a snapshot."""

LEVEL = 5
_GZIP = 31
"""The `wbits` of zlib for a gzip header and the largest window."""


class CsvFile(StreamedResponse, kw_only=True):
    """A CSV file as a response, made of `blocks`.

    An error before the first block becomes an ordinary error response. If the client disconnects, the blocks are closed
    at once.
    """

    blocks: AsyncGenerator[Block]

    @classmethod
    def of(cls, blocks: AsyncGenerator[Block], filename: str) -> Self:
        """Return the file, to be saved under that name."""
        disposition = f'attachment; filename="{filename}"'.encode()
        content_type = b"text/csv; charset=utf-8; header=present"
        return cls(200, [(b"content-type", content_type), (b"content-disposition", disposition)], blocks=blocks)

    async def stream(self, request: Request, begin: Begin) -> None:
        """Send the response. Raises if it is cut off."""
        sending = asyncio.ensure_future(self._send(request, begin))
        leaving = asyncio.ensure_future(_left(request.receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            await asyncio.wait({sending, leaving})
        if not sending.cancelled():
            sending.result()

    async def _send(self, request: Request, begin: Begin) -> None:
        packer = self._choose_packer(request)
        try:
            async with aclosing(self.blocks) as blocks, asyncio.timeout(LIMIT):
                async for block in blocks:
                    if not request.has_begun and not await begin():
                        return
                    if request.method == "HEAD":
                        break
                    if part := packer.compress(block.data):
                        async with asyncio.timeout(STALL):
                            await request.send({"type": "http.response.body", "body": part, "more_body": True})
        except Exception as error:
            if request.has_begun:
                log.warning("answer broken off", error=type(error).__name__, request_id=request.id)
            raise
        rest = b"" if request.method == "HEAD" else packer.flush()  # gzip has a header and a trailer even of nothing
        await request.send({"type": "http.response.body", "body": rest, "more_body": False})

    def _choose_packer(self, request: Request) -> "_Packer":
        self.headers.append((b"vary", b"Accept-Encoding"))
        if not accepts_gzip(request):
            return _Plain()
        self.headers.append((b"content-encoding", b"gzip"))
        return zlib.compressobj(LEVEL, wbits=_GZIP)


class _Packer(Protocol):
    """What `zlib.compressobj` returns."""

    def compress(self, data: bytes, /) -> bytes:
        """Return the compressed data that is ready."""
        ...

    def flush(self) -> bytes:
        """Return the rest."""
        ...


class _Plain:
    """Has the interface of `zlib.compressobj`, but does not compress."""

    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


async def _left(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
