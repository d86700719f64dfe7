"""Hostile inputs over all routes: each is answered as documented, never with a 500, and a refused one stores nothing.

The routes, their fields and their parameters are taken from the API's own description, so that what is added to it is
attacked too.
"""

import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest
from psycopg import sql
from structlog.testing import capture_logs
from tests.conftest import pooled
from tests.support.api import Api, api_over, error_of, fields_of
from tests.support.server import Databases
from tests.support.tables import Contents, contents

from angidi.app import OPERATIONS as DECLARED
from angidi.config import Settings
from angidi.http.openapi.examples import example_of
from angidi.http.openapi.generator import describe
from angidi.ids import new_id

Json = dict[str, Any]

DESCRIPTION = describe(DECLARED)
CATEGORY = "550e8400-e29b-41d4-a716-446655440004"
IDS = {
    "category_id": "550e8400-e29b-41d4-a716-446655440002",
    "product_id": "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22",
    "user_id": "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11",
    "address_id": "0198c5a0-a1b2-7c3d-8e4f-5a6b7c8d9e0f",
    "order_id": "0198c5a0-b2c3-7d4e-8f50-6a7b8c9d0e1f",
    "reservation_id": "0198c5a0-c3d4-7e5f-8061-7b8c9d0e1f20",
}
ENDING = frozenset({"logOut", "logOutEverywhere", "changePassword"})
"""Operations that end sessions of their caller."""

ALTERNATIVES = {"reservation_id": "items", "address_id": "shipping_address"}
"""Fields of one body of which exactly one is given."""

SCENE = sql.SQL("""
INSERT INTO categories (id, name) VALUES ({parent}, 'Home & Garden'), ({category_id}, 'Cups');
INSERT INTO products (id, name, price, stock, category_id) VALUES ({product_id}, 'Cup', 7.5, 1000000, {parent});
INSERT INTO users (id, email, password_hash, name) VALUES ({user_id}, 'user@shop.example', '-', 'User');
""").format(parent=CATEGORY, **IDS)


class Operation(NamedTuple):
    """One operation of the description."""

    method: str
    path: str
    described: Json

    @property
    def url(self) -> str:
        return self.path.format_map(IDS)

    @property
    def name(self) -> str:
        return self.described["operationId"]

    @property
    def parameter(self) -> str:
        """The name of the id in the path."""
        return next(found["name"] for found in self.described["parameters"] if found["in"] == "path")

    @property
    def takes_json(self) -> bool:
        """Whether the body, if there is one, is JSON."""
        return "application/json" in self.described.get("requestBody", {}).get("content", ())

    @property
    def example(self) -> dict[str, str]:
        """A valid body with all fields, each as JSON text."""
        schema = self.described["requestBody"]["content"]["application/json"]["schema"]
        whole = example_of(schema, DESCRIPTION["components"]["schemas"])
        return {field: json.dumps(value) for field, value in whole.items()}

    def example_with(self, field: str) -> dict[str, str]:
        """Return the valid body with `field`, without what excludes it."""
        excluded = {ALTERNATIVES[field]} if field in ALTERNATIVES else {*ALTERNATIVES}
        left_out = excluded | ({*ALTERNATIVES} - {field})
        return {name: value for name, value in self.example.items() if name not in left_out}

    @property
    def codes(self) -> set[tuple[int, str]]:
        """Status and code of every error that is documented."""
        return {
            (int(status), code)
            for status, answer in self.described["responses"].items()
            for code in answer.get("content", {}).get("application/json", {}).get("examples", ())
        }


OPERATIONS = [
    Operation(method.upper(), path, described)
    for path, methods in DESCRIPTION["paths"].items()
    for method, described in methods.items()
]
WITH_BODY = [operation for operation in OPERATIONS if operation.takes_json]


class Scene:
    """The API with a row in every table, an admin's headers, and what the tables held when last looked at."""

    def __init__(self, api: Api, admin: dict[str, str], held: Contents) -> None:
        self.api = api
        self.admin = admin
        self.held = held

    async def ask(self, operation: Operation, url: str | httpx.URL | None = None, **kwargs: Any) -> httpx.Response:
        """Send a request as the admin, hold the answer against the description, and look what it has changed.

        Where it may end the access of its caller, that is a user of its own.
        """
        caller = await self._new_user() if operation.name in ENDING else self.admin
        answer = await self._send(operation, caller, url, **kwargs)
        await self.check(may_change=answer.is_success and operation.method != "GET")
        return answer

    async def refused(self, operation: Operation, **kwargs: Any) -> httpx.Response:
        """Send a request that is to be refused; `check`, after the last one, looks that none has changed anything."""
        answer = await self._send(operation, self.admin, **kwargs)
        assert not answer.is_success
        return answer

    async def _send(
        self, operation: Operation, caller: dict[str, str], url: str | httpx.URL | None = None, **kwargs: Any
    ) -> httpx.Response:
        headers = {**caller, **kwargs.pop("headers", {})}
        target = f"http://testserver{operation.url}" if url is None else url
        answer = await self.api.request(operation.method, target, headers=headers, **kwargs)
        if answer.is_success:
            assert str(answer.status_code) in operation.described["responses"]
        else:
            assert error_of(answer) in operation.codes
            assert answer.status_code < 500
            assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
        return answer

    async def _new_user(self) -> dict[str, str]:
        headers = self.api.as_(await self.api.make_user(f"{new_id()}@shop.example"))
        self.held = await held_by(self.api)
        return headers

    async def check(self, *, may_change: bool = False) -> None:
        """Fail where a table has changed that should not have."""
        now = await held_by(self.api)
        assert may_change or now == self.held
        self.held = now


async def held_by(api: Api) -> Contents:
    """Return what the tables hold but for the count of log-ins, which those that fail change."""
    return [table for table in await contents(api.database) if table[0] != "login_attempts"]


@pytest.fixture(scope="module")
async def scene(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    settings = Settings(angidi_env="test", angidi_home=tmp_path_factory.mktemp("home"), api_rate_limit=0)
    with databases.database(template) as url:
        async with pooled(settings, url) as database, api_over(settings, database) as api:
            async with database.connection() as conn:
                await conn.execute(SCENE)
            with capture_logs():  # drawing two thousand log lines for a terminal takes longer than the requests
                yield Scene(api, await api.admin_headers(), await held_by(api))


def name_of(part: Operation | str) -> str:
    return part if isinstance(part, str) else part.name


def raw_url(path: bytes) -> httpx.URL:
    return httpx.URL("http://testserver").copy_with(raw_path=path)


def body_of(fields: dict[str, str]) -> bytes:
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}").encode()


NO_OBJECTS = {
    "nothing": b"",
    "white space": b" \n ",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"name"',
    "a number": b"1",
    "half an object": b'{"name": ',
    "an object and more": b"{} {}",
    "a key twice": b'{"name": "Cup", "name": "Mug"}',
    "a key twice further down": b'{"name": {"a": 1, "a": 2}}',
    "NaN": b'{"price": NaN}',
    "Infinity": b'{"price": Infinity}',
    "-Infinity": b'{"extra": [-Infinity]}',
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "an overlong NUL": b'{"name": "\xc0\x80"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "Cup"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "Cup"}',
    "a NUL byte": b'{"name": "Cup"}\0',
    "a bare line break in a text": b'{"name": "Cup\n"}',
    "an integer of 5,000 digits": b'{"stock": ' + b"9" * 5_000 + b"}",
    "an exponent beyond every type": b'{"extra": 1e99999999999999999999}',
    "an exponent below every type": b'{"extra": -1e-99999999999999999999}',
    "a comment": b'{"name": "Cup" /* */}',
    "single quotes": b"{'name': 'Cup'}",
    "a form": b"name=Cup&price=1",
    "a gzipped object": gzip.compress(b'{"name": "Cup"}'),
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
}
# How deep is too deep depends on the interpreter; what it still reads has the wrong type or lacks what is required.
NESTED = {
    "60,000 lists": b'{"name": ' + b"[" * 60_000,
    "30,000 closed lists": b'{"name": ' + b"[" * 30_000 + b"]" * 30_000 + b', "email": 1, "refresh_token": 1}',
    "5,000 objects": b'{"name": ' * 5_000 + b"1" + b"}" * 5_000,
}


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_body_that_is_no_json_object_is_an_invalid_request(scene: Scene, operation: Operation) -> None:
    needed = operation.described["requestBody"]["required"]
    for kind, body in NO_OBJECTS.items():
        if not (body or needed):
            continue
        assert error_of(await scene.refused(operation, content=body)) == (400, "INVALID_REQUEST"), kind
    await scene.check()


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_deeply_nested_body_is_refused(scene: Scene, operation: Operation) -> None:
    for kind, body in NESTED.items():
        assert (await scene.refused(operation, content=body)).status_code == 400, kind
    await scene.check()


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_body_of_10_megabytes_is_too_large(scene: Scene, operation: Operation) -> None:
    assert error_of(await scene.ask(operation, content=b" " * 10_000_000)) == (413, "PAYLOAD_TOO_LARGE")


CONTENT_TYPES = [
    "text/plain", "text/xml; charset=utf-16", "multipart/form-data", "application/x-www-form-urlencoded",
    "application/octet-stream", "application/json; charset=nobody", "nonsense", "*/*", "", "x" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_body_is_read_as_json_whatever_its_type_is_called(scene: Scene, operation: Operation) -> None:
    for content_type in CONTENT_TYPES:
        content = body_of(operation.example_with("items"))
        answer = await scene.ask(operation, content=content, headers={"Content-Type": content_type})
        assert answer.is_success or error_of(answer)[1] != "INVALID_REQUEST", content_type


VALUES = {
    "a NUL": r'"a\u0000bc@shop.example"',
    "a lone surrogate": r'"abc\ud800"',
    "2^31": "2147483648",
    "2^63": "9223372036854775808",
    "2^70": "1180591620717411303424",
    "1e400": "1e400",
    "-1e400": "-1e400",
    "1e-400": "1e-400",
    "7.1 with 10,000 decimals": "7.1" + "0" * 9_999,
    "-1": "-1",
    "a half": "0.5",
    "true": "true",
    "null": "null",
    "a list": "[]",
    "a list of a list of …": "[" * 500 + "]" * 500,
    "an object": '{"": {}}',
    "an empty text": '""',
    "white space": r'" \t\n\u00a0\u2003 "',
    "wildcards": r'"%_\\%"',
    "SQL": '"\'; DROP TABLE products; --"',
    "a placeholder": '"%(id)s %s {0} {where} $1"',
    "markup": '"<script>alert(1)</script>"',
    "other directions": r'"\u202e\u2066abc"',
    "10,000 characters": '"' + "x" * 10_000 + '"',
    "an open URL": '"http://[::1"',
    "a URL that Unicode normalises": r'"http://shop.example\u2100/"',
    "an id with a sign": '"+50e8400-e29b-41d4-a716-446655440001"',
    "the nil UUID": '"00000000-0000-0000-0000-000000000000"',
}
FIELDS = [(operation, field) for operation in WITH_BODY for field in operation.example]


@pytest.mark.parametrize(("operation", "field"), FIELDS, ids=name_of)
async def test_a_hostile_value_is_taken_as_it_is_or_refused_by_its_field(
    scene: Scene, operation: Operation, field: str
) -> None:
    for kind, value in VALUES.items():
        answer = await scene.ask(operation, content=body_of({**operation.example_with(field), field: value}))
        if answer.status_code == 400:
            assert {re.split(r"[.[]", name)[0] for name in fields_of(answer)} == {field}, kind
        elif answer.content and answer.is_success and field in answer.json()["data"]:
            kept = taken(value)
            unchanged = field in UNCHANGED and kept in ("", 0)
            assert unchanged or answer.json()["data"][field] == kept, kind


UNCHANGED = {"name", "description", "price", "stock", "category_id", "image_url", "sku"}
"""Fields of products whose zero values a change passes over."""


def taken(value: str) -> object:
    """Return what is kept of a JSON text: texts are trimmed, and a description that is null is empty."""
    given = json.loads(value)
    return given.strip() if isinstance(given, str) else "" if given is None else given


KEYS = {
    "a lone surrogate": r"\ud800",
    "a NUL": r"\u0000",
    "nothing": "",
    "__proto__": "__proto__",
    "a name of Python": "__class__",
    "5,000 characters": "k" * 5_000,
    "SQL": "id = id; --",
}


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_hostile_key_is_refused_where_strict_handling_is_asked_for(scene: Scene, operation: Operation) -> None:
    for kind, key in KEYS.items():
        content = body_of({**operation.example_with(key), key: "1"})
        answer = await scene.refused(operation, content=content, headers={"Prefer": "handling=strict"})
        assert error_of(answer) == (400, "VALIDATION_ERROR"), kind
    await scene.check()


PARAMETERS = {
    "nothing": b"",
    "zero": b"0",
    "a negative number": b"-1",
    "a sign": b"%2B1",
    "2^63": b"9223372036854775808",
    "2^70": b"1180591620717411303424",
    "5,000 digits": b"9" * 5_000,
    "digits of another script": b"%D9%A3",
    "NaN": b"NaN",
    "a signalling NaN": b"sNaN123",
    "Infinity": b"-Infinity",
    "1e400": b"1e400",
    "1e-400": b"1e-400",
    "1e-20000": b"1e-20000",
    "1e99999999999999999999": b"1e99999999999999999999",
    "a number with underscores": b"1_000",
    "a NUL": b"%00",
    "bad UTF-8": b"%ff%fe",
    "a surrogate": b"%ed%a0%80",
    "a broken escape": b"%zz%",
    "wildcards": b"%25_%5C",
    "SQL": b"'%3B%20DROP%20TABLE%20products%3B%20--",
    "a placeholder": b"%25(id)s",
    "brackets": b"[]",
    "10,000 characters": b"x" * 10_000,
}
CSV = "sku,name,price,stock\n"
QUERIES = [
    (operation, parameter["name"])
    for operation in OPERATIONS
    for parameter in operation.described["parameters"]
    if parameter["in"] == "query"
]


@pytest.mark.parametrize(("operation", "name"), QUERIES, ids=name_of)
async def test_a_hostile_parameter_gives_a_list_or_is_refused_by_its_name(
    scene: Scene, operation: Operation, name: str
) -> None:
    for kind, value in PARAMETERS.items():
        target = raw_url(f"{operation.url}?{name}=".encode() + value)
        content = CSV if "requestBody" in operation.described else None
        answer = await scene.ask(operation, target, content=content)
        assert answer.is_success or fields_of(answer) == [name], kind


SEGMENTS = {
    "a word": b"nope",
    "a number": b"1",
    "a negative number": b"-1",
    "2^70": b"1180591620717411303424",
    "the nil UUID": b"00000000-0000-0000-0000-000000000000",
    "a digit too many": b"550e8400-e29b-41d4-a716-4466554400011",
    "a NUL": b"%00",
    "bad UTF-8": b"%ff",
    "a surrogate": b"%ed%a0%80",
    "a broken escape": b"%25zz",
    "an escaped upper folder": b"%2e%2e%2f%2e%2e",
    "an escaped slash": b"a%2Fb",
    "SQL": b"'%20OR%20'1'='1",
    "braces": b"%7Bid%7D",
    "a line break": b"%0d%0aX-Odd:%201",
    "spaces": b"%20%20",
    "2,000 characters": b"x" * 2_000,
}
WITH_ID = [operation for operation in OPERATIONS if "{" in operation.path]


@pytest.mark.parametrize("operation", WITH_ID, ids=name_of)
async def test_a_hostile_id_is_not_found(scene: Scene, operation: Operation) -> None:
    start, end = (part.encode() for part in operation.path.split("{" + operation.parameter + "}"))
    content = body_of(operation.example) if operation.takes_json else None
    unknown = {(404, "NOT_FOUND"), *(pair for pair in operation.codes if pair[0] == 404)}
    for kind, segment in SEGMENTS.items():
        url = raw_url(start + segment + end)
        answer = await scene.api.request(operation.method, url, headers=scene.admin, content=content)
        assert error_of(answer) in unknown, kind
    await scene.check()


HEADERS = {
    "a request id with a line's worth": {"X-Request-ID": "x" * 5_000},
    "a request id in UTF-8": {"X-Request-ID": "é".encode()},
    "a request id with a tab": {"X-Request-ID": "a\tb"},
    "an empty request id": {"X-Request-ID": ""},
    "a preference without end": {"Prefer": "handling=" * 1_000},
    "a preference of bytes": {"Prefer": b"\xff\xfe"},
    "an encoding that nobody has": {"Accept-Encoding": "br;q=abc, *;q=-1"},
    "a type that nobody has": {"Accept": "application/x-nobody", "Content-Type": "multipart/form-data"},
    "a charset that nobody has": {"Content-Type": "application/json; charset=nobody"},
    "a length that is no number": {"Content-Length": "many"},
    "a length without end": {"Content-Length": "0" * 5_000},
    "an origin of bytes": {"Origin": b"\xff"},
    "a cookie": {"Cookie": "a=" + "b" * 4_000},
    "a range": {"Range": "bytes=0-1"},
    "a condition": {"If-Match": "*", "If-Modified-Since": "yesterday"},
    "a forwarded address": {"X-Forwarded-For": "127.0.0.1, ::1, evil"},
    "another method": {"X-HTTP-Method-Override": "DELETE"},
    "another host": {"Host": "evil.example"},
    "an upgrade": {"Connection": "Upgrade", "Upgrade": "websocket"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_an_odd_header_changes_nothing(scene: Scene, headers: dict[str, str | bytes]) -> None:
    shown = next(operation for operation in OPERATIONS if operation.name == "showProduct")
    assert (await scene.ask(shown, headers=headers)).status_code == 200


CREDENTIALS = {
    "no scheme": (b"token", "INVALID_TOKEN_FORMAT"),
    "no token": (b"Bearer", "INVALID_TOKEN_FORMAT"),
    "two tokens": (b"Bearer a b", "INVALID_TOKEN_FORMAT"),
    "another scheme": (b"Basic YWRtaW46YWRtaW4=", "INVALID_TOKEN_FORMAT"),
    "no JWT": (b"Bearer x", "INVALID_TOKEN"),
    "bytes": (b"Bearer \xff\xfe", "INVALID_TOKEN"),
    "empty parts": (b"Bearer ..", "INVALID_TOKEN"),
    "a header that is a list": (b"Bearer W10.e30.", "INVALID_TOKEN"),
    "no algorithm": (b"Bearer eyJhbGciOiJub25lIn0.e30.", "INVALID_TOKEN"),
    "a number for an algorithm": (b"Bearer eyJhbGciOjF9.e30.", "INVALID_TOKEN"),
    "a list for an algorithm": (b"Bearer eyJhbGciOltdfQ.e30.", "INVALID_TOKEN"),
    "60,000 characters": (b"Bearer " + b"A" * 60_000, "INVALID_TOKEN"),
    "60,000 lists": (b"Bearer " + b"W1tb" * 20_000 + b".e30.", "INVALID_TOKEN"),
}
GUARDED = [operation for operation in OPERATIONS if operation.described["security"] == [{"bearer": []}]]


@pytest.mark.parametrize("operation", GUARDED, ids=name_of)
async def test_a_hostile_token_is_refused(scene: Scene, operation: Operation) -> None:
    for kind, (header, code) in CREDENTIALS.items():
        answer = await scene.refused(operation, headers={"Authorization": header})
        assert error_of(answer) == (401, code), kind
    await scene.check()


METHODS = ("PATCH", "TRACE", "PROPFIND", "get", "X" * 100)


@pytest.mark.parametrize("path", sorted(DESCRIPTION["paths"]))
async def test_a_hostile_method_is_not_allowed(scene: Scene, path: str) -> None:
    for method in METHODS:
        request = scene.api.build_request("GET", f"http://testserver{path.format_map(IDS)}", headers=scene.admin)
        request.method = method
        assert error_of(await scene.api.send(request)) == (405, "METHOD_NOT_ALLOWED"), method
    await scene.check()


PATHS = {
    "an upper folder": b"/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "an escaped upper folder": b"/docs/%2e%2e%2f%2e%2e%2fpyproject.toml",
    "a NUL": b"/api/v1/%00",
    "bad UTF-8": b"/api/v1/%ff",
    "a deeper path": b"/api/v1/products/1/2/3/4",
    "another version": b"/api/v2/products",
    "another case": b"/API/V1/PRODUCTS",
    "a semicolon": b"/api/v1/products;a=b",
    "10,000 characters": b"/" + b"x" * 10_000,
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_a_hostile_path_is_not_found(scene: Scene, path: bytes) -> None:
    assert error_of(await scene.api.get(raw_url(path))) == (404, "NOT_FOUND")
