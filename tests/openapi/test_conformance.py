"""The server keeps to its description, whatever is sent to it: as anybody, as a user and as an admin."""

# pyright: reportUnknownVariableType=false
# The checks of schemathesis are generic functions whose parameter it leaves open.

import itertools
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from typing import Any, cast

import httpx
import hypothesis
import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from angidi.config import Settings
from angidi.users.models import User
from tests.conftest import pooled
from tests.openapi.support import DESCRIPTION, Documented, operations
from tests.support.api import Api, api_over, error_of
from tests.support.server import Databases

SCHEMA: Any = schemathesis.openapi.from_dict(DESCRIPTION)
STRATEGIES: dict[str, Any] = {each.ok().label: each.ok() for each in SCHEMA.get_all_operations()}
LABELS = {operation.label: operation for operation in operations()}
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
RANKS = (None, "user", "admin")
STRICT = {"Prefer": "handling=strict"}
ADDRESS = {"recipient": "Ada Lovelace", "line1": "1 High Street", "city": "London", "country": "GB"}
FEW = 2
"""Requests of who may not call: each is refused for the same reason."""

EXCEPTIONS: dict[str, Callable[[Any, httpx.Response], bool]] = {
    "an empty parameter counts as absent": lambda _, answer: "" in answer.request.url.params.values(),
    "the first of several values counts": lambda _, answer: _repeats(answer.request.url.params),
    "a filter by what is no id gives an empty list": lambda _, answer: bool(
        {"category_id", "parent_id"} & {*answer.request.url.params}
    ),
    "blanks around a text are nothing": lambda case, _: any(text != text.strip() for text in _texts(case.body)),
    "an empty text of an optional field counts as absent": lambda case, _: "" in _texts(case.body),
    "in the mode “each” the other rows are stored": lambda _, answer: answer.status_code == 207,
}
"""Requests that break the description and are answered nevertheless, as the API contract says, also when they ask for
strict handling."""


def _repeats(parameters: httpx.QueryParams) -> bool:
    return len(parameters.multi_items()) > len(parameters)


def _texts(value: object) -> list[str]:
    """Return all texts in a body."""
    if isinstance(value, dict):
        return [text for part in cast("dict[str, object]", value).values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in cast("list[object]", value) for text in _texts(part)]
    return [value] if isinstance(value, str) else []


class Scene:
    """An API with a category, a product and a user in it, used from synchronous tests."""

    def __init__(self, portal: BlockingPortal, api: Api) -> None:
        self.portal = portal
        self.api = api
        self.admin = portal.call(api.admin_headers)
        self._numbers = itertools.count()
        category = portal.call(api.make_category, self.admin)["id"]
        product = portal.call(partial(api.make_product, self.admin, category, stock=1_000_000))["id"]
        items = {"items": [{"product_id": product, "quantity": 1}]}
        self.ids = {
            "category_id": category,
            "product_id": product,
            "user_id": str(portal.call(api.make_user).id),
            "address_id": self._created("/users/me/addresses", ADDRESS),
            "order_id": self._created("/orders", items | {"shipping_address": ADDRESS}),
            "reservation_id": self._created("/reservations", items),
        }

    def _created(self, path: str, body: dict[str, Any]) -> str:
        answer = self.portal.call(partial(self.api.post, path, headers=self.admin, json=body))
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    def headers_of(self, role: str | None) -> dict[str, str]:
        """Return the headers of nobody, of a new user or of the admin."""
        if role is None:
            return {}
        return self.admin if role == "admin" else self.api.as_(self._new_user())

    def refresh_token(self) -> str:
        """Return a token of the other kind."""
        return self.portal.call(self.api.log_in, self._new_user().id).refresh_token

    def _new_user(self) -> User:
        return self.portal.call(self.api.make_user, f"user{next(self._numbers)}@shop.example")

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        for name, value in self.ids.items():
            path = path.replace(f"{{{name}}}", value)
        return self.portal.call(partial(self.api.request, method, f"http://testserver{path}", headers=headers or {}))

    def send(self, case: Any, headers: dict[str, str]) -> httpx.Response:
        """Send a request, and see that the answer is a documented one."""
        request = case.as_transport_kwargs(base_url="http://testserver")
        del request["cookies"]
        if isinstance(request.get("data"), bytes):  # a body that is no form
            request["content"] = request.pop("data")
        if "data" in request:
            request["content"] = request.pop("data")  # as httpx names it
        request["headers"] = dict(request["headers"]) | headers
        answer = self.portal.call(partial(self.api.request, **request))
        case.validate_response(answer, checks=CHECKS)
        return answer


@pytest.fixture(scope="module")
def scene(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    own = Settings(angidi_env="test", angidi_home=tmp_path_factory.mktemp("home"), api_rate_limit=0, db_max_conns=2)

    @asynccontextmanager
    async def api(url: str) -> AsyncGenerator[Api]:
        async with pooled(own, url) as database, api_over(own, database) as served:
            yield served

    with (
        databases.database(template) as url,
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(api(url)) as client,
    ):
        yield Scene(portal, client)


def settings(*, few: bool = False) -> hypothesis.settings:
    """Return settings by which the same requests are made on every run."""
    examples = FEW if few else hypothesis.settings().max_examples // 2
    return hypothesis.settings(derandomize=True, database=None, phases=[Phase.generate], max_examples=examples)


def calls() -> Iterator[tuple[str, str | None, bool]]:
    """Yield each operation with those who call it, and whether they may."""
    for operation in operations():
        if operation.content["security"] == [{}, {"bearer": []}]:
            yield from ((operation.label, role, True) for role in (None, "admin"))
        else:
            needed = RANKS.index(operation.role)
            yield from ((operation.label, role, role == operation.role) for role in RANKS[: needed + 1])


@pytest.mark.parametrize(("label", "role", "may_call"), [*calls()])
def test_the_server_answers_as_the_description_says(scene: Scene, label: str, role: str | None, may_call: bool) -> None:
    """The same requests on every run, half of them for a row that exists."""

    headers = scene.headers_of(role)

    @settings(few=not may_call)
    @given(case=STRATEGIES[label].as_strategy(), known=st.booleans())
    def answers(case: Any, known: bool) -> None:
        if known:
            case.path_parameters |= {name: scene.ids[name] for name in case.path_parameters}
        answer = scene.send(case, headers)
        assert may_call or answer.status_code in {401, 403}

    answers()


def breakable() -> list[str]:
    """Return the operations that take something besides an id."""
    return [
        operation.label
        for operation in operations()
        if "requestBody" in operation.content or any(each["in"] == "query" for each in operation.content["parameters"])
    ]


@pytest.mark.parametrize("label", breakable())
def test_what_breaks_the_description_is_refused_on_request(scene: Scene, label: str) -> None:
    """Under strict handling, but for the exceptions that the API contract makes."""

    @settings()
    @given(case=STRATEGIES[label].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def refuses(case: Any) -> None:
        case.path_parameters |= {name: scene.ids[name] for name in case.path_parameters}
        is_broken = any(case.meta.is_negative_at(part) for part in (ParameterLocation.QUERY, ParameterLocation.BODY))
        answer = scene.send(case, scene.admin | STRICT)
        if is_broken and not any(excepts(case, answer) for excepts in EXCEPTIONS.values()):
            case.validate_response(answer, checks=[negative_data_rejection])

    refuses()


def test_an_answer_that_is_not_described_is_found(scene: Scene) -> None:
    """The control: by a description that knows of no missing category, the same requests fail."""
    description = deepcopy(DESCRIPTION)
    del description["paths"]["/api/v1/categories/{category_id}"]["get"]["responses"]["404"]
    schema: Any = schemathesis.openapi.from_dict(description)
    operation = schema["/api/v1/categories/{category_id}"]["GET"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        scene.send(operation.Case(path_parameters={"category_id": "none"}), scene.admin)


# Who may call, and by which methods


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_only_who_is_said_to_may_call(scene: Scene, operation: Documented) -> None:
    if operation.role is None:
        return
    wrong = {
        "MISSING_TOKEN": {},
        "INVALID_TOKEN_FORMAT": {"Authorization": "Basic YTpi"},
        "INVALID_TOKEN": {"Authorization": f"Bearer {scene.refresh_token()}"},
    }
    for code, headers in wrong.items():
        assert error_of(scene.request(operation.method, operation.path, headers)) == (401, code)
    if operation.role == "admin":
        answer = scene.request(operation.method, operation.path, scene.headers_of("user"))
        assert error_of(answer) == (403, "FORBIDDEN")


@pytest.mark.parametrize("path", DESCRIPTION["paths"])
def test_the_methods_of_a_path_are_those_of_the_description(scene: Scene, path: str) -> None:
    described = {method.upper() for method in DESCRIPTION["paths"][path]}
    allowed = described | {"OPTIONS"} | ({"HEAD"} if "GET" in described else set())
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - allowed:
        answer = scene.request(method, path)
        assert answer.status_code == 405, method
        assert set(answer.headers["allow"].split(", ")) == allowed
