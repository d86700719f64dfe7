"""The description of the API: a valid OpenAPI 3.1 that typed clients can be made from, with examples that fit."""

import re
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.openapi.support import DESCRIPTION, JSON, Documented, contents, examples, operations

SCHEMAS: dict[str, Any] = DESCRIPTION["components"]["schemas"]
HEADERS: dict[str, Any] = DESCRIPTION["components"]["headers"]

each_operation = pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)


def assert_fits(value: object, schema: dict[str, Any]) -> None:
    """Fail unless `value` is what `schema`, a part of the description, asks for."""
    whole = {**schema, "components": DESCRIPTION["components"]}
    jsonschema_rs.validate(whole, value, validate_formats=True)


def test_it_is_valid_openapi_3_1() -> None:
    assert DESCRIPTION["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(DESCRIPTION).validate()


def test_its_server_is_the_one_that_it_comes_from() -> None:
    assert [server["url"] for server in DESCRIPTION["servers"]] == ["/"]


def test_operations_have_names_of_their_own_in_camel_case() -> None:
    names = Counter(operation.content["operationId"] for operation in operations())
    assert set(names.values()) == {1}
    assert [name for name in names if not re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*", name)] == []


def test_operations_are_grouped_by_tags_that_are_described() -> None:
    described = {tag["name"]: tag["description"] for tag in DESCRIPTION["tags"]}
    assert all(described.values())
    assert {tag for operation in operations() for tag in operation.content["tags"]} == set(described)


@each_operation
def test_every_operation_says_what_it_does_in_one_line(operation: Documented) -> None:
    summary = operation.content["summary"]
    assert re.fullmatch(r"[A-Z][^\n`{}_]{3,79}\.", summary), summary


@each_operation
def test_every_operation_says_who_may_call(operation: Documented) -> None:
    security = operation.content["security"]
    assert security in ([], [{"bearer": []}], [{}, {"bearer": []}])
    assert ("401" in operation.content["responses"]) == (bool(security) or "CREDENTIALS" in repr(operation.content)
                                                         or "refresh" in operation.path
                                                         or "reset" in operation.path)  # fmt: skip
    if security == [{"bearer": []}]:
        assert "authorize first" in operation.content["description"]


@each_operation
def test_every_body_has_an_example_that_fits_its_schema(operation: Documented) -> None:
    for content in contents(operation):
        assert examples(content)
        for example in examples(content):
            assert_fits(example, content["schema"])


@each_operation
def test_every_parameter_has_an_example_that_fits_its_schema(operation: Documented) -> None:
    for parameter in operation.content["parameters"]:
        schema = parameter["schema"]
        shown = [parameter["example"]] if parameter["required"] else schema["examples"]
        for example in shown:
            assert_fits(example, schema)
        assert parameter["description"]


def test_every_schema_has_examples_that_fit_it() -> None:
    """Of fields, as the page shows them."""
    for schema in SCHEMAS.values():
        for part in schema.get("properties", {}).values():
            for example in part.get("examples", []):
                assert_fits(example, part)


def test_no_field_has_a_default() -> None:
    """Generators of typed clients make a field with a default a required one, of bodies, too."""
    assert [name for name, schema in SCHEMAS.items() if "'default':" in repr(schema)] == []


def test_every_header_has_an_example_that_fits_its_schema() -> None:
    for header in HEADERS.values():
        assert_fits(header["example"], header["schema"])


def headers_of(response: dict[str, Any]) -> set[str]:
    for name, header in response["headers"].items():
        assert header == {"$ref": f"#/components/headers/{name}"}
    return set(response["headers"])


@each_operation
def test_every_answer_has_its_headers_described(operation: Documented) -> None:
    for status, response in operation.content["responses"].items():
        assert "X-Request-ID" in headers_of(response)
        assert ("Retry-After" in headers_of(response)) == (status in {"429", "503"})


@each_operation
def test_every_error_is_in_the_envelope_and_names_its_codes(operation: Documented) -> None:
    for status, response in operation.content["responses"].items():
        if status >= "400" and not (status == "503" and "Health" in operation.content["tags"]):
            content = response["content"][JSON]
            assert content["schema"] == {"$ref": "#/components/schemas/Failure"}
            for code, example in content["examples"].items():
                assert example["value"]["error"]["code"] == code
                assert f"- `{code}`: {example['value']['error']['message']}" in response["description"].splitlines()
