"""The parameters of a query, from its bytes."""

from typing import Any

import pytest
from tests.support.requests import nothing

from angidi.http.core.request import Request
from angidi.http.core.responses import Response
from angidi.http.gateway import Gateway, Policies
from angidi.http.middleware.cors import Cors
from angidi.http.middleware.request_log import RequestLog
from angidi.http.routing.handlers import Endpoint
from angidi.http.routing.router import Router
from angidi.telemetry.access_log import discard
from angidi.telemetry.metrics import Metrics


async def parameters(query: bytes) -> dict[str, str]:
    """Return what a handler is given of a query."""
    seen: list[dict[str, str]] = []

    async def handle(request: Request) -> Response:
        seen.append(request.parameters)
        return Response(204, [])

    router = Router([("GET", Endpoint("/things", handle))])
    gateway = Gateway(router, nothing, Policies(Cors(())), RequestLog(Metrics(dict), discard))
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/things", "query_string": query, "headers": []}
    await gateway(scope, nothing, nothing)
    return seen[0]


@pytest.mark.parametrize("query", ["q=café", "q=caf%C3%A9", "%71=caf%c3%a9"])
async def test_what_is_not_escaped_is_utf_8_as_what_is(query: str) -> None:
    assert await parameters(query.encode()) == {"q": "café"}


@pytest.mark.parametrize("query", [b"q=\xff", b"q=%ff"])
async def test_what_is_no_utf_8_can_be_encoded_all_the_same(query: bytes) -> None:
    assert await parameters(query) == {"q": "\ufffd"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", {}),
        (b"a", {}),
        (b"a=", {}),
        (b"a=&b=1", {"b": "1"}),
        (b"a=&a=1&a=2", {"a": "1"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=%20", {"a": " "}),
        (b"a=+", {"a": " "}),
        (b"&&=&=1", {"": "1"}),
    ],
)
async def test_the_first_counts_of_one_name_and_none_that_is_empty(query: bytes, expected: dict[str, str]) -> None:
    assert await parameters(query) == expected
