"""The description of the API: a valid OpenAPI 3.1, with examples that fit, and the server keeps to it."""

# pyright: reportUnknownVariableType=false
# The checks of schemathesis are generic functions whose parameter it leaves open.

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.conftest import pooled
from tests.support.api import Api, api_over
from tests.support.server import Databases
from tools.reference.api import described

from angidi.config import Settings

JSON = "application/json"
DESCRIPTION: dict[str, Any] = described()
SCHEMA: Any = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS: dict[str, Any] = {each.ok().label: each.ok() for each in SCHEMA.get_all_operations()}
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def documented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation with its name."""
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what an operation says of each body that it takes or gives."""
    for part in [operation.get("requestBody", {}), *operation["responses"].values()]:
        yield from part.get("content", {}).values()


def examples(content: dict[str, Any]) -> list[Any]:
    return [content["example"]] if "example" in content else [each["value"] for each in content["examples"].values()]


def assert_fits(value: object, schema: dict[str, Any]) -> None:
    """Fail unless `value` is what `schema`, a part of the description, asks for."""
    whole = {**schema, "components": DESCRIPTION["components"]}
    jsonschema_rs.validate(whole, value, validate_formats=True)


def test_it_is_valid_openapi_3_1():
    assert DESCRIPTION["openapi"].startswith("3.1")
    SCHEMA.validate()


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, operation in documented()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("operation", [pytest.param(found, id=name) for name, found in documented()])
def test_every_body_has_an_example_that_fits_its_schema(operation: dict[str, Any]):
    for content in contents(operation):
        assert examples(content)
        for example in examples(content):
            assert_fits(example, content["schema"])


@pytest.mark.parametrize("operation", [pytest.param(found, id=name) for name, found in documented()])
def test_every_parameter_has_an_example_that_fits_its_schema(operation: dict[str, Any]):
    for parameter in operation["parameters"]:
        assert "example" in parameter, parameter["name"]
        if parameter["name"] != "parent_id":  # takes the word “root”, too, which the pattern of an id does not say
            assert_fits(parameter["example"], parameter["schema"])


def test_every_error_is_in_the_envelope():
    for name, operation in documented():
        for status, response in operation["responses"].items():
            if status >= "400" and not (status == "503" and "Health" in operation["tags"]):
                assert response["content"][JSON]["schema"] == {"$ref": "#/components/schemas/Failure"}, name


class Scene:
    """An API with a category, a product and a user in it, used from synchronous tests."""

    def __init__(self, portal: BlockingPortal, api: Api) -> None:
        self.portal = portal
        self.api = api
        self.admin = portal.call(api.admin_headers)
        category = portal.call(api.make_category, self.admin)["id"]
        self.ids = {
            "category_id": category,
            "product_id": portal.call(api.make_product, self.admin, category)["id"],
            "user_id": str(portal.call(api.make_user).id),
        }

    def send(self, case: Any) -> None:
        """Send a request as an admin, and see that the answer is a documented one."""
        request = case.as_transport_kwargs(base_url="http://testserver")
        del request["cookies"]
        request["headers"] = dict(request["headers"]) | self.admin
        case.validate_response(self.portal.call(partial(self.api.request, **request)), checks=CHECKS)


@pytest.fixture(scope="module")
def scene(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    own = Settings(angidi_env="test", angidi_home=tmp_path_factory.mktemp("home"), api_rate_limit=0, db_max_conns=2)

    @asynccontextmanager
    async def api(url: str) -> AsyncGenerator[Api]:
        async with pooled(own, url) as database, api_over(own, database) as found:
            yield found

    with (
        databases.database(template) as url,
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(api(url)) as client,
    ):
        yield Scene(portal, client)


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_server_answers_as_the_description_says(scene: Scene, label: str):
    """The same requests on every run, half of them for a row that exists."""

    @settings(derandomize=True, database=None, phases=[Phase.generate])
    @given(case=OPERATIONS[label].as_strategy(), known=st.booleans())
    def answers(case: Any, known: bool) -> None:
        if known:
            case.path_parameters |= {name: scene.ids[name] for name in case.path_parameters}
        scene.send(case)

    answers()


def test_an_answer_that_is_not_described_is_found(scene: Scene):
    """The control: by a description that knows of no missing category, the same requests fail."""
    description = deepcopy(DESCRIPTION)
    del description["paths"]["/api/v1/categories/{category_id}"]["get"]["responses"]["404"]
    schema: Any = schemathesis.openapi.from_dict(description)
    operation = schema["/api/v1/categories/{category_id}"]["GET"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        scene.send(operation.Case(path_parameters={"category_id": "none"}))
