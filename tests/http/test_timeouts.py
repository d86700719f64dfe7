"""Requests that the database keeps waiting."""

import asyncio
import time
from typing import Any

from angidi.http.core.request import Request
from angidi.http.core.responses import Response, StreamedResponse
from angidi.http.gateway import Gateway, Policies
from angidi.http.middleware.cors import Cors
from angidi.http.middleware.request_log import RequestLog
from angidi.http.routing.handlers import Endpoint
from angidi.http.routing.router import Router
from angidi.telemetry.access_log import AccessLine, AccessLog, discard
from angidi.telemetry.metrics import Metrics


async def nothing(*_: Any) -> Any:
    """Receive nothing, and serve nothing."""


async def no_body() -> Any:
    """Receive the end of an empty body."""
    return {"type": "http.request"}


async def work(request: Request) -> Response:
    """Answer as slowly as the query asks for, in seconds."""
    await asyncio.sleep(float(request.query))
    return Response(200, [], b"done")


class Slow(StreamedResponse):
    """An answer that takes long once it has begun."""

    async def stream(self, request: Request, begin: Any) -> None:
        await begin()
        await asyncio.sleep(0.1)
        await request.send({"type": "http.response.body", "body": b"done"})


class Left(StreamedResponse):
    """An answer whose client goes away before it begins."""

    async def stream(self, request: Request, begin: Any) -> None:
        """Send nothing."""


async def leave(_: Request) -> Response:
    return Left(200, [])


async def stream(_: Request) -> Response:
    return Slow(200, [])


def gateway(seconds: float = 0.05, access_log: AccessLog = discard) -> Gateway:
    endpoints = [
        Endpoint("/work", work),
        Endpoint("/stream", stream),
        Endpoint("/leave", leave),
        Endpoint("/file", work, is_streamed=True),
    ]
    router = Router((method, endpoint) for endpoint in endpoints for method in ("GET", "POST"))
    return Gateway(router, nothing, Policies(Cors(()), seconds=seconds), RequestLog(Metrics(dict), access_log))


class Client:
    """Sends one request to a gateway whose answers have 50 ms, its own or one given, and keeps what comes back.

    `lines` are those of its own gateway's log.
    """

    def __init__(self, app: Gateway | None = None) -> None:
        self.lines: list[AccessLine] = []
        self.app = app or gateway(access_log=self.lines.append)
        self.sent: list[Any] = []
        self.finished = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def ask(self, before: float = 0.0, path: str = "/work", method: str = "GET") -> None:
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": str(before).encode(),
            "headers": [],
        }
        await self.app(scope, no_body, self.send)
        self.finished.set()

    @property
    def statuses(self) -> list[int]:
        return [message["status"] for message in self.sent if "status" in message]


async def test_a_timely_answer_passes() -> None:
    client = Client()
    await client.ask(before=0)
    assert (client.statuses, client.sent[-1]["body"]) == ([200], b"done")


async def test_a_late_one_is_503_at_the_deadline_and_the_work_ends_behind_it() -> None:
    client = Client()
    request = asyncio.create_task(client.ask(before=0.2))
    await asyncio.sleep(0.1)
    assert client.statuses == [503]
    assert not client.finished.is_set()
    await request
    assert client.finished.is_set()
    assert client.statuses == [503]


async def test_what_ends_in_the_turn_of_its_deadline_is_answered_before_it_returns() -> None:
    client = Client()
    request = asyncio.create_task(client.ask(before=0.03))
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - a loop that is held up finds both due at once, and the handler's end first
    await request
    assert (client.statuses, client.lines[0].status) == ([503], 503)


async def test_who_comes_later_is_late_later_and_the_timely_ones_between_pass() -> None:
    app = gateway()
    clients = [Client(app) for _ in range(5)]
    requests: list[asyncio.Task[None]] = []
    for number, client in enumerate(clients):
        requests.append(asyncio.create_task(client.ask(before=0.3 if number % 2 == 0 else 0)))
        await asyncio.sleep(0.02)
    await asyncio.gather(*requests)
    assert [client.statuses for client in clients] == [[503], [200], [503], [200], [503]]


async def test_a_late_one_after_a_quiet_time_is_late_too() -> None:
    app = gateway()
    await Client(app).ask(before=0)
    await asyncio.sleep(0.1)
    late = Client(app)
    await late.ask(before=0.3)
    assert late.statuses == [503]


async def test_an_answer_that_has_begun_is_not_cut_off() -> None:
    client = Client()
    await client.ask(path="/stream")
    assert client.statuses == [200]


async def test_a_file_may_take_longer_to_begin() -> None:
    client = Client()
    await client.ask(before=0.1, path="/file")
    assert client.statuses == [200]


async def test_a_change_may_take_longer_than_a_read() -> None:
    client = Client()
    await client.ask(before=0.1, method="POST")
    assert client.statuses == [200]


async def test_who_leaves_before_an_answer_is_told_nothing_later_and_is_no_error_of_ours() -> None:
    client = Client()
    await client.ask(path="/leave")
    await asyncio.sleep(0.1)
    assert client.sent == []
    assert [line.status for line in client.lines] == [499]


async def test_a_request_that_is_cancelled_is_told_nothing_later() -> None:
    client = Client()
    request = asyncio.create_task(client.ask(before=0.3))
    await asyncio.sleep(0.01)
    request.cancel()
    await asyncio.sleep(0.1)
    assert (request.cancelled(), client.sent) == (True, [])


async def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def others(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    app = Gateway(Router([]), others, Policies(Cors(())), RequestLog(Metrics(dict), discard))
    await app({"type": "lifespan"}, nothing, Client().send)
    assert seen == ["lifespan"]
