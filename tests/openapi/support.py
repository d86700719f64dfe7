"""The description as the tests of this folder read it, and what its page sends for an operation."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, cast

from tools.reference.api import described

DESCRIPTION: dict[str, Any] = described()
JSON = "application/json"


class Documented(NamedTuple):
    """An operation of the description."""

    method: str
    path: str
    content: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def role(self) -> str | None:
        """Who has to call: an admin, a user, or anybody (None)."""
        if {} in self.content["security"] or not self.content["security"]:
            return None
        return "admin" if "403" in self.content["responses"] else "user"


@cache
def operations() -> list[Documented]:
    return [
        Documented(method.upper(), path, content)
        for path, methods in DESCRIPTION["paths"].items()
        for method, content in cast("dict[str, Any]", methods).items()
    ]


def contents(operation: Documented) -> Iterator[dict[str, Any]]:
    """Yield what an operation says of each body that it takes or gives."""
    for part in [operation.content.get("requestBody", {}), *operation.content["responses"].values()]:
        yield from part.get("content", {}).values()


def examples(content: dict[str, Any]) -> list[Any]:
    return [content["example"]] if "example" in content else [each["value"] for each in content["examples"].values()]


def filled_in(operation: Documented) -> dict[str, Any]:
    """Return the request that Swagger UI sends for an operation that nothing was changed of.

    It fills in the `example` of a parameter, else that of its schema, else the `default`, whether the parameter is
    required or not; and the first example of the body.
    """
    url, query, headers = operation.path, dict[str, str](), dict[str, str]()
    for parameter in operation.content["parameters"]:
        schema = parameter["schema"]
        value = parameter.get("example", schema.get("example", schema.get("default")))
        if value is None:
            continue
        if parameter["in"] == "path":
            url = url.replace(f"{{{parameter['name']}}}", str(value))
        else:
            (query if parameter["in"] == "query" else headers)[parameter["name"]] = str(value)
    request: dict[str, Any] = {"method": operation.method, "url": f"http://testserver{url}", "params": query}
    body = operation.content.get("requestBody", {}).get("content", {})
    for content_type, content in [*body.items()][:1]:
        headers["Content-Type"] = content_type
        request |= {"json" if content_type == JSON else "content": examples(content)[0]}
    return request | {"headers": headers}
