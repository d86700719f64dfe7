"""Canaries: values that are put into every input, and must come out of none.

There are two kinds. A secret (a password, a token, an address of a database) is shown nowhere. What is stored may be
in the answer that shows it, and nowhere else.
"""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
from tests.support.serving import ROOT

SECRET = "xq7hidden"
STORED = "xq7stored"

_SECRETS = ("password", "token")
_KEPT = ("status", "mode", "role", "country", "currency", "number", "phone")


class Call:
    """One operation of the OpenAPI description, with canaries for whatever text it takes."""

    def __init__(self, method: str, path: str, operation: dict[str, Any], number: int) -> None:
        self.method = method.upper()
        self.path = path
        self.number = number
        self._parameters: list[dict[str, Any]] = operation.get("parameters", [])
        content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
        self._type = next(iter(content), "")
        described: dict[str, Any] = content.get(self._type, {})
        examples: dict[str, Any] = described.get("examples", {})
        self._example: Any = described.get("example", next((each["value"] for each in examples.values()), None))

    def request(self, url: str, ids: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        """Return what httpx sends, with `ids` for the parameters of the path."""
        path = self.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        query = {each["name"]: f"{STORED} {self.number}" for each in self._texts("query")}
        sent = {**{each["name"]: f"{STORED}-{self.number}" for each in self._texts("header")}, **headers}
        given: dict[str, Any] = {"method": self.method, "url": url + path, "params": query, "headers": sent}
        if self._type == "text/csv":
            rows = f"{STORED} {self.number},{STORED},1.50,1,{STORED}\n"
            content = f"sku,name,price,stock,category\n{rows}{STORED},,{STORED},x,\n"
            return {**given, "content": content.encode(), "headers": {**sent, "Content-Type": "text/csv"}}
        return {**given, "json": self._planted(self._example, ids)} if self._example is not None else given

    def _texts(self, place: str) -> Iterator[dict[str, Any]]:
        for each in self._parameters:
            schema = each.get("schema", {})
            is_text = schema.get("type") == "string" and not {"enum", "format"} & schema.keys()
            if each.get("in") == place and is_text and each["name"] not in {"If-Match", "Prefer", "cursor", "sort"}:
                yield each

    def _planted(self, value: Any, ids: dict[str, str], name: str = "") -> Any:
        """Return an example of a body with canaries in place of its texts, and what is there in place of its ids."""
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            return {key: self._planted(below, ids, key) for key, below in fields.items()}
        if isinstance(value, list):
            return [self._planted(below, ids, name) for below in cast("list[Any]", value)]
        if not isinstance(value, str) or name in _KEPT or name.endswith("id"):
            return ids.get(name, value)
        if any(word in name for word in _SECRETS):
            return f"{SECRET}-{self.number}"
        if name == "email":
            return f"{STORED}{self.number}@shop.example"
        return f"https://{STORED}.example/{self.number}" if name.endswith("url") else f"{STORED} {self.number}"


def calls() -> list[Call]:
    """Return all operations of the API; those that end accounts come last."""
    description: Any = msgspec.json.decode((ROOT / "docs/reference/openapi.json").read_bytes())
    paths: dict[str, dict[str, dict[str, Any]]] = description["paths"]
    found = [(method, path, each) for path, operations in paths.items() for method, each in operations.items()]
    found.sort(key=lambda each: (each[0] == "delete", "logout" in each[1], each[1]))
    return [Call(*each, number) for number, each in enumerate(found)]


def leaks(text: str, canaries: Iterable[str] = (SECRET, STORED)) -> list[str]:
    """Return the lines that have a canary."""
    return [line[:300] for line in text.splitlines() if any(canary in line for canary in canaries)]


def process_list(pid: int) -> str:
    """Return the arguments of a process and of all below it, as `ps` shows them."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    family, size = {pid}, 0
    while len(family) > size:
        size = len(family)
        family |= {int(row[0]) for row in rows if int(row[1]) in family}
    return "\n".join(row[2] for row in rows if int(row[0]) in family)


def shown(answer: httpx.Response) -> str:
    """Return an answer as it came."""
    return "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), answer.text])


def log_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
