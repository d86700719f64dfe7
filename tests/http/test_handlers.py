"""What a handler's arguments come from."""

import asyncio
from typing import Any

from litestar import Litestar, Request
from litestar.di import NamedDependency, Provide
from litestar.testing import AsyncTestClient

from angidi.http.routing.handlers import get


async def test_dependencies_are_provided_one_after_the_other_by_the_task_of_the_request() -> None:
    tasks: list[asyncio.Task[Any] | None] = []

    def provided() -> Provide:
        async def provider(request: Request[Any, Any, Any]) -> str:
            tasks.append(asyncio.current_task())
            return request.method

        return Provide(provider)

    @get("/", dependencies={"one": provided(), "other": provided()})
    async def handler(one: NamedDependency[str], other: NamedDependency[str]) -> str:
        tasks.append(asyncio.current_task())
        return one + other

    async with AsyncTestClient(Litestar([handler])) as client:
        assert (await client.get("/")).text == "GETGET"
    assert len(tasks) == 3
    assert len(set(tasks)) == 1
