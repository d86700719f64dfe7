"""What the former service answered is answered still: recorded requests, replayed; what differs is named.

The recordings stand in `recordings/`, one file for each subject, and were written down from the API contract, which was
made exact where clients of that service break. `differences.toml` lists what differs on purpose.
"""

import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard
from uuid import UUID

import bcrypt
import httpx
import pytest

from angidi.db.rows import execute
from tests.former.tokens import access_token, refresh_token
from tests.support.api import Api

Document = dict[str, Any]

HERE = Path(__file__).parent
GRACE = UUID("0b5e2f66-0b5b-4d5e-9d55-000000000001")
ADA = UUID("0b5e2f66-0b5b-4d5e-9d55-000000000002")
PASSWORDS = {
    "{grace}": "go-gopher-1",
    "{ada}": "a phrase of exactly seventy-two bytes that no shop should have asked for and more",
}
ANYTHING = "…"
WAIT = "UPDATE refresh_tokens SET rotated_at = rotated_at - %(seconds)s * interval '1 second'"
"""Lets time pass between requests, for what depends on it."""


class Exchange(NamedTuple):
    """A request and what the former service answered, to the last of `repeat` with so many seconds between them."""

    name: str
    request: str
    answer: dict[str, Any]
    who: str = ""
    body: str | None = None
    authorization: str = ""
    content_type: str = "application/json"
    repeat: int = 1
    seconds: int = 0
    ordered: bool = False


def exchanges() -> Iterator[Exchange]:
    for path in sorted((HERE / "recordings").glob("*.toml")):
        for recorded in tomllib.loads(path.read_text(encoding="utf-8"))["exchange"]:
            fields: Document = {**recorded, "name": f"{path.stem}: {recorded['name']}"}
            yield Exchange(**fields)


def differences() -> list[dict[str, Any]]:
    return tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))["difference"]


EXCHANGES = [*exchanges()]
DIFFERING: dict[str, dict[str, Any]] = {answer["to"]: answer for each in differences() for answer in each["answers"]}


class Shop:
    """The shop of `shop.sql`, and who calls it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._tokens = {
            "grace": access_token(GRACE, "admin"),
            "ada": access_token(ADA),
            "nobody": access_token(UUID(int=0)),
        }
        self._names = {
            "refresh": refresh_token(GRACE),
            "access": self._tokens["grace"],
            "expired": access_token(GRACE, lifetime=-1),
        }

    async def replay(self, exchange: Exchange) -> httpx.Response:
        """Send the request as often as it says; return the last answer."""
        method, path = exchange.request.split(" ")
        headers = {"Content-Type": exchange.content_type}
        if exchange.who:
            headers["Authorization"] = f"Bearer {self._tokens[exchange.who]}"
        if exchange.authorization:
            headers["Authorization"] = self._filled(exchange.authorization)
        content = None if exchange.body is None else self._filled(exchange.body)
        base = "http://testserver" if path == "/health" else ""
        for _ in range(exchange.repeat - 1):
            await self._api.request(method, base + path, headers=headers, content=content)
            await self._api.database.write(execute, WAIT, {"seconds": exchange.seconds})
        return await self._api.request(method, base + path, headers=headers, content=content)

    def _filled(self, text: str) -> str:
        for name, value in self._names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@pytest.fixture
async def shop(successor: Api) -> Shop:
    script = (HERE / "shop.sql").read_text(encoding="utf-8")
    for name, password in PASSWORDS.items():
        script = script.replace(name, bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4, b"2a")).decode())
    for statement in script.split(";\n\n"):
        await successor.database.write(execute, statement)  # pyright: ignore[reportArgumentType] - SQL from a file
    return Shop(successor)


def problems(expected: dict[str, Any], answer: httpx.Response, *, ordered: bool = False) -> Iterator[str]:
    """Yield what the answer has otherwise than the recorded one; fields beyond it are new and do not count."""
    if answer.status_code != expected["status"]:
        yield f"status {answer.status_code} {answer.text[:300]}"
        return
    document: Document = answer.json(parse_float=Decimal) if answer.content else {}
    if code := expected.get("code"):
        error = {"code": code, "message": ANYTHING, "request_id": ANYTHING}
        yield from _compare("", {"error": error}, document, ordered=True)
    if "fields" in expected:
        named = [detail["field"] for detail in document["error"]["details"]]
        if sorted(named) != sorted(expected["fields"]):
            yield f"details name {named}"
    if data := expected.get("data"):
        yield from _compare("", {"data": json.loads(data, parse_float=Decimal)}, document, ordered=ordered)


def _compare(where: str, recorded: Any, actual: Any, *, ordered: bool) -> Iterator[str]:
    if recorded == ANYTHING:
        return
    if _is_object(recorded) and _is_object(actual):
        yield from _compare_objects(where, recorded, actual, ordered=ordered)
    elif _is_list(recorded) and _is_list(actual) and len(recorded) == len(actual):
        for number, (one, other) in enumerate(zip(recorded, actual, strict=True)):
            yield from _compare(f"{where}[{number}]", one, other, ordered=ordered)
    elif recorded != actual:
        yield f"{where} is {actual!r}, and was {recorded!r}"


def _compare_objects(where: str, recorded: Document, actual: Document, *, ordered: bool) -> Iterator[str]:
    common = [name for name in actual if name in recorded]
    if ordered and common != [name for name in recorded if name in actual]:
        yield f"{where} has its fields in the order {common}"
    for name, value in recorded.items():
        if name not in actual:
            yield f"{where}.{name} is not there"
        else:
            yield from _compare(f"{where}.{name}", value, actual[name], ordered=ordered)


def _is_object(value: Any) -> TypeGuard[Document]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


@pytest.mark.parametrize("exchange", EXCHANGES, ids=[each.name for each in EXCHANGES])
async def test_a_recorded_request_is_answered_as_the_former_service_did(shop: Shop, exchange: Exchange) -> None:
    answer = await shop.replay(exchange)
    differs = [*problems(exchange.answer, answer, ordered=exchange.ordered)]
    if exchange.name in DIFFERING:
        assert differs, "it no longer differs: take it out of differences.toml"
        assert [*problems(DIFFERING[exchange.name], answer)] == []
    else:
        assert differs == []


def test_every_difference_is_that_of_a_recording() -> None:
    assert set(DIFFERING) <= {each.name for each in EXCHANGES}
    assert len(EXCHANGES) == len({each.name for each in EXCHANGES})


@pytest.mark.parametrize("difference", differences(), ids=lambda each: each["contract"])
def test_a_difference_is_named_in_the_changelog(difference: dict[str, Any]) -> None:
    changelog = " ".join((HERE.parents[1] / "CHANGELOG.md").read_text(encoding="utf-8").split())
    assert f"- {difference['changelog']}" in changelog
