"""What HTTP/1.1 asks of the head of a request (RFC 9112), and what the head of an answer tells of us."""

from typing import Any

import pytest
from tests.support.api import Api

HOST = (b"host", b"shop.example")


async def ask(api: Api, *headers: tuple[bytes, bytes], version: str = "1.1", path: str = "/livez") -> list[Any]:
    """Send a request with exactly these headers; return the messages of the answer."""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "http_version": version}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await api.app({**scope, "headers": list(headers), "client": ("192.0.2.1", 1)}, receive, send)
    return sent


@pytest.mark.parametrize(
    ("headers", "version", "status"),
    [
        ([HOST], "1.1", 200),
        ([HOST, (b"x-one", b"1"), (b"x-one", b"2")], "1.1", 200),
        ([], "1.1", 400),
        ([HOST, HOST], "1.1", 400),
        ([], "1.0", 200),
    ],
)
async def test_a_request_has_one_host(api: Api, headers: list[tuple[bytes, bytes]], version: str, status: int) -> None:
    head, body = await ask(api, *headers, version=version)
    assert head["status"] == status
    assert status == 200 or b"INVALID_REQUEST" in body["body"]


async def test_the_server_does_not_say_what_serves(api: Api) -> None:
    head, _ = await ask(api, HOST)
    assert [value for name, value in head["headers"] if name == b"server"] == [b"angidi"]


@pytest.mark.parametrize("accepts", [b"identity", b"gzip"])
async def test_a_large_answer_comes_in_blocks_that_make_up_the_whole(api: Api, accepts: bytes) -> None:
    head, *parts = await ask(api, HOST, (b"accept-encoding", accepts), path="/docs/swagger-ui-bundle.js")
    length = int(dict(head["headers"])[b"content-length"])
    assert len(parts) > 20
    assert sum(len(part["body"]) for part in parts) == length
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]


async def test_the_compressed_description_has_a_validator_of_its_own(api: Api) -> None:
    plain = await api.get("http://testserver/openapi.json", headers={"Accept-Encoding": "identity"})
    packed = await api.get("http://testserver/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert plain.json() == packed.json()
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    for known in (plain, packed):
        again = await api.get("http://testserver/openapi.json", headers={"If-None-Match": known.headers["etag"]})
        assert again.status_code == 304
