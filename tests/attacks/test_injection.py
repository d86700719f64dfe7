"""sqlmap, logged in as an admin: no value becomes SQL. A hole that is planted is found.

`SQLMAP=all make attacks` attacks every parameter, header and field that the description names, which takes long;
without it sqlmap attacks the texts that are searched and sorted by, in depth.
"""

import json
import os
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest
from tests.attacks.conftest import Target
from tests.attacks.planted import planted_hole
from tests.attacks.sqlmap import ALL_TECHNIQUES, DEEP, PROGRAM, QUICK_TECHNIQUES, SHALLOW, Sqlmap
from tests.openapi.support import JSON, Documented, examples, operations

pytestmark = [
    pytest.mark.attack,
    pytest.mark.skipif(not PROGRAM.exists(), reason="sqlmap is not installed: `make attacks` installs it"),
]
ALL = os.environ.get("ATTACK_SQLMAP") == "all"
every = pytest.mark.skipif(not ALL, reason="attacks every parameter: SQLMAP=all make attacks")

PAGING = frozenset({"page", "page_size", "count", "limit"})
"""Parameters of a query that are no filter, order, text or cursor."""

FEW = frozenset({"search", "q", "sort", "cursor"})
"""What is attacked of the list of products every time."""


@pytest.fixture
def sqlmap(target: Target, tmp_path: Path) -> Sqlmap:
    return Sqlmap(tmp_path, target.admin)


def query_of(operation: Documented) -> dict[str, str]:
    """Return the parameters of the query with their examples."""
    parameters = [each for each in operation.content["parameters"] if each["in"] == "query"]
    return {each["name"]: str(each["schema"]["examples"][0]) for each in parameters}


def marked_urls(target: Target, operation: Documented, names: set[str] | frozenset[str]) -> list[str]:
    """Return the URL of a list with each of these parameters alone, marked as the place of the attack."""
    url = target.server.url + operation.path.format_map(target.ids)
    values = {name: value for name, value in query_of(operation).items() if name in names}
    if "cursor" in values:
        values["cursor"] = cursor_of(target, url)
    return [f"{url}?{name}={quote(value)}*" for name, value in sorted(values.items())]


def cursor_of(target: Target, url: str) -> str:
    """Return a cursor of a list, or the one of the description where the list has one page."""
    answer = httpx.get(f"{url}?page_size=1", headers={"Authorization": f"Bearer {target.admin}"})
    return answer.json()["data"].get("next_cursor", "lMQIJc2YMrZ9GgwKCpLH_wBX6PAAAAA")


def attack_urls(sqlmap: Sqlmap, urls: list[str], folder: Path, depth: tuple[str, ...], techniques: str) -> None:
    listed = folder / "urls"
    listed.write_text("\n".join(urls))
    report = sqlmap.attack("-m", str(listed), depth=depth, techniques=techniques)
    assert (report.holes, report.clean) == ([], len(urls)), report.output


def test_a_hole_that_is_planted_is_found(target: Target, sqlmap: Sqlmap) -> None:
    with planted_hole(target.database) as url:
        report = sqlmap.attack("-u", url, depth=DEEP, techniques=QUICK_TECHNIQUES)
    assert report.holes == ["Parameter: search (GET)"], report.output


def test_what_is_searched_and_sorted_by_is_no_sql(target: Target, sqlmap: Sqlmap, tmp_path: Path) -> None:
    (operation,) = [each for each in operations() if each.content["operationId"] == "listProducts"]
    urls = marked_urls(target, operation, FEW)
    assert len(urls) == len(FEW)
    attack_urls(sqlmap, urls, tmp_path, DEEP, QUICK_TECHNIQUES)


def queried() -> list[Documented]:
    return [each for each in operations() if each.method == "GET" and query_of(each)]


@every
@pytest.mark.parametrize("operation", queried(), ids=lambda operation: operation.label)
def test_no_parameter_of_a_query_is_sql(target: Target, sqlmap: Sqlmap, tmp_path: Path, operation: Documented) -> None:
    names = query_of(operation).keys()
    for depth, some in ((DEEP, names - PAGING), (SHALLOW, names & PAGING)):
        if some:
            attack_urls(sqlmap, marked_urls(target, operation, some), tmp_path, depth, ALL_TECHNIQUES)


def marked_request(target: Target, operation: Documented) -> tuple[list[str], int]:
    """Return sqlmap's arguments for an operation with each id, header and field marked, and how many they are.

    So are the parameters of its query, unless they are attacked by `test_no_parameter_of_a_query_is_sql`.
    """
    url = target.server.url + operation.path
    for name, value in target.ids.items():
        url = url.replace(f"{{{name}}}", f"{value}*")
    if operation.method != "GET" and (query := query_of(operation)):
        url += "?" + "&".join(f"{name}={quote(value)}*" for name, value in query.items())
    headers = [each["name"] for each in operation.content["parameters"] if each["in"] == "header"]
    lines = "\n".join(f"{name}: x*" for name in headers)
    body: Any = operation.content.get("requestBody", {}).get("content", {})
    data = json.dumps(marked(examples(body[JSON])[0])) if JSON in body else "sku,name*" if body else ""
    arguments = ["-u", url, f"--method={operation.method}", f"--headers={lines}", *([f"--data={data}"] if data else [])]
    return arguments, (url + lines + data).count("*")


def marked(value: Any) -> Any:
    """Return an example of a body with a mark behind each text and number."""
    if isinstance(value, dict):
        return {name: marked(part) for name, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [marked(part) for part in cast("list[Any]", value)]
    return value if isinstance(value, bool | None) else f"{value}*"


@every
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_id_header_or_field_is_sql(target: Target, tmp_path: Path, operation: Documented) -> None:
    arguments, places = marked_request(target, operation)
    if places:
        deletes = operation.content["operationId"] == "deleteMe"  # after which a token is worth nothing
        token = f"Authorization: Bearer {target.register('gone@shop.example') if deletes else target.admin}\n"
        arguments = [part.replace("--headers=", f"--headers={token}") for part in arguments]
        report = Sqlmap(tmp_path).attack(*arguments, depth=SHALLOW)
        # Of a URL without parameters it attacks the path besides.
        assert report.holes == [], report.output
        assert report.clean >= places, report.output
