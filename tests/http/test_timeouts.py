"""Requests that the database keeps waiting."""

import asyncio
from typing import Any

from angidi.http.middleware.timeouts import TimeoutMiddleware


async def nothing() -> Any:
    """Receive nothing."""


async def work(scope: Any, _receive: Any, send: Any) -> None:
    """Answer as slowly as the request wants it, in seconds."""
    await asyncio.sleep(scope["before"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(scope["between"])
    await send({"type": "http.response.body", "body": b"done"})


class Client:
    """Sends one request through a `TimeoutMiddleware` of 50 ms, its own or one given, and keeps what comes back."""

    def __init__(self, deadline: TimeoutMiddleware | None = None) -> None:
        self.deadline = deadline or TimeoutMiddleware(work, 0.05)
        self.sent: list[Any] = []
        self.finished = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def ask(self, before: float, between: float = 0.0) -> None:
        scope: dict[str, Any] = {"type": "http", "headers": [], "state": {"request_id": "x"}}
        scope |= {"before": before, "between": between}
        await self.deadline(scope, nothing, self.send)
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


async def test_who_comes_later_is_late_later_and_the_timely_ones_between_pass() -> None:
    deadline = TimeoutMiddleware(work, 0.05)
    clients = [Client(deadline) for _ in range(5)]
    requests: list[asyncio.Task[None]] = []
    for number, client in enumerate(clients):
        requests.append(asyncio.create_task(client.ask(before=0.3 if number % 2 == 0 else 0)))
        await asyncio.sleep(0.02)
    await asyncio.gather(*requests)
    assert [client.statuses for client in clients] == [[503], [200], [503], [200], [503]]


async def test_a_late_one_after_a_quiet_time_is_late_too() -> None:
    deadline = TimeoutMiddleware(work, 0.05)
    await Client(deadline).ask(before=0)
    await asyncio.sleep(0.1)
    late = Client(deadline)
    await late.ask(before=0.3)
    assert late.statuses == [503]


async def test_an_answer_that_has_begun_is_not_cut_off() -> None:
    client = Client()
    await client.ask(before=0, between=0.1)
    assert client.statuses == [200]


async def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    await TimeoutMiddleware(app)({"type": "lifespan"}, nothing, Client().send)
    assert seen == ["lifespan"]
