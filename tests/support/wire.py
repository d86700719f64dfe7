"""HTTP over plain sockets, each request on a connection of its own: hundreds at once cost little."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

BASE = "/api/v1"


class Answer(NamedTuple):
    """An answer as it came, with header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def data(self) -> Any:
        """The data of a success."""
        return msgspec.json.decode(self.content)["data"]

    @property
    def code(self) -> str:
        """The code of an error, or nothing."""
        answer: Any = msgspec.json.decode(self.content)
        return answer["error"]["code"] if "error" in answer else ""


async def send(
    port: int,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    base: str = BASE,
) -> Answer:
    """Send a request below the base path to the loopback; a body of bytes is sent as it is, any other one as JSON.

    Raises OSError and EOFError if no answer comes.
    """
    content = _encoded(body)
    lines = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(content)), **(headers or {})}
    head = f"{method} {base}{path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + b"\r\n" + content)
        return parsed(await reader.read())
    finally:
        writer.close()


def _encoded(body: object) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def parsed(received: bytes) -> Answer:
    """Return the answer in what was received. Raises EOFError if that is not all of it."""
    head, _, content = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if not status or len(content) < int(headers.get("content-length", "0")):
        raise EOFError("the connection was closed before the answer")
    return Answer(int(status.split(" ")[1]), headers, content)
