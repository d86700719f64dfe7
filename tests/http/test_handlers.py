"""What a handler's arguments come from, and what answers with what it returns."""

from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct
from tests.support.requests import request

from angidi.errors import Invalid, NotFound
from angidi.http.core.responses import Answer
from angidi.http.routing.handlers import compile_operation
from angidi.http.routing.inputs import Body, Query, Strict
from angidi.http.routing.routes import Routes


class Thing(Struct, frozen=True):
    """A body or a query."""

    name: str = "none"


class Shop:
    """A service."""


class ThingNotFound(NotFound):
    code = "THING_NOT_FOUND"


def endpoint(routes: Routes, *services: object) -> Any:
    (operation,) = routes.below("")
    return compile_operation(operation, {type(service): service for service in services}).call


async def test_each_parameter_is_filled_by_its_type() -> None:
    routes, seen = Routes("Things"), list[Any]()

    async def handler(thing_id: UUID, query: Query[Thing], body: Body[Thing], strict: Strict, shop: Shop) -> None:
        seen.extend([thing_id, query.name, body.name, strict, shop])

    routes.post("/things/{thing_id}")(handler)

    shop, asked = Shop(), request("POST")
    asked.segments, asked.parameters, asked.body = ["things", str(UUID(int=7))], {"name": "query"}, b'{"name": "body"}'
    answer = await endpoint(routes, shop)(asked)
    assert seen == [UUID(int=7), "query", "body", False, shop]
    assert (answer.status, answer.headers, answer.body) == (201, [], b"")


async def test_a_malformed_id_is_what_the_operation_declares_not_to_find() -> None:
    routes = Routes("Things")

    async def handler(thing_id: UUID) -> None:
        raise AssertionError(thing_id)

    routes.get("/things/{thing_id}", errors=(Invalid, ThingNotFound))(handler)

    asked = request()
    asked.segments = ["things", "nope"]
    with pytest.raises(ThingNotFound):
        await endpoint(routes)(asked)


async def test_what_is_wrong_with_the_input_is_said_before_an_id_is_looked_at() -> None:
    routes = Routes("Things")

    async def handler(thing_id: UUID, body: Body[Thing]) -> None:
        raise AssertionError(thing_id, body)

    routes.put("/things/{thing_id}", errors=(ThingNotFound,))(handler)

    asked = request("PUT")
    asked.segments, asked.body = ["things", "nope"], b'{"name": 1}'
    with pytest.raises(Invalid):
        await endpoint(routes)(asked)


async def test_an_answer_chooses_its_status_and_adds_headers() -> None:
    routes = Routes("Things")

    async def handler() -> Answer[Thing]:
        return Answer(Thing("cup"), 207, ((b"x-one", b"1"), (b"x-one", b"2")))

    routes.get("/")(handler)

    answer = await endpoint(routes)(request())
    assert (answer.status, answer.body) == (207, b'{"data":{"name":"cup"}}')
    assert [value for name, value in answer.headers if name == b"x-one"] == [b"1", b"2"]


def test_a_service_that_is_not_there_is_missed_at_the_start() -> None:
    routes = Routes("Things")

    async def handler(shop: Shop) -> None:
        raise AssertionError(shop)

    routes.get("/")(handler)

    with pytest.raises(KeyError):
        endpoint(routes)


def test_a_name_in_the_path_has_to_be_a_parameter() -> None:
    routes = Routes("Things")

    async def handler() -> None: ...

    routes.get("/things/{thing_id}")(handler)

    with pytest.raises(TypeError, match="thing_id"):
        endpoint(routes)
