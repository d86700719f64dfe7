"""How many functions of ours a request passes, from its first byte to its log line: each costs time, and a reader's."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from tests.conftest import pooled
from tests.support.api import Api

import angidi
from angidi.app import build_app
from angidi.config import Settings
from angidi.telemetry.access_log import JsonLines

OURS = str(Path(angidi.__file__).parent)
RUNS = 8
"""After which nothing is done for the first time: statements are prepared from the sixth run on."""


@pytest.fixture
async def api(settings: Settings, fresh_db: str) -> AsyncIterator[Api]:
    """The API on a pool, with the access log of production."""
    async with (
        pooled(settings, fresh_db) as database,
        Api(settings, database, build_app(settings, database, JsonLines())) as client,
    ):
        yield client


async def functions(api: Api, path: str) -> set[CodeType]:
    """Return the functions of ours that a request passes, once everything is warm."""
    for _ in range(RUNS):
        assert (await api.get(path)).status_code == 200
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            seen.add(frame.f_code)

    sys.setprofile(note)
    try:
        await api.get(path)
        await asyncio.sleep(0)  # the log line is written in the next turn of the event loop
    finally:
        sys.setprofile(None)
    return seen


async def products(api: Api, number: int) -> list[str]:
    headers = await api.admin_headers()
    category = (await api.make_category(headers))["id"]
    return [(await api.make_product(headers, category))["id"] for _ in range(number)]


async def test_a_product_is_shown_by_few_functions(api: Api) -> None:
    (product,) = await products(api, 1)
    passed = await functions(api, f"/products/{product}")
    assert len(passed) <= 40, listed(passed)


async def test_a_list_with_a_next_page_is_shown_by_few_functions(api: Api) -> None:
    await products(api, 11)
    passed = await functions(api, "/products?page_size=10")
    assert len(passed) <= 70, listed(passed)


def listed(passed: set[CodeType]) -> str:
    """Return the functions by file, for whoever has to find out what was added."""
    return "\n".join(sorted(f"{code.co_filename.removeprefix(OURS)}: {code.co_qualname}" for code in passed))
