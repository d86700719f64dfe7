"""What the contract says of every answer: ids, headers, methods, encodings, preferences, origins, limits."""

import gzip
import json
import re
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs
from tests.support.api import Api, api_over, error_of, fields_of
from tests.support.shop import PASSWORD

from angidi.app import RATE_LIMIT_MEMORY, share_rate_limit
from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import execute

ORIGIN = "http://localhost:3000"
REGISTRATION = {"email": "ada@shop.example", "password": PASSWORD, "name": "Ada"}
ROOT = "http://testserver"
LONG = """
WITH made AS (INSERT INTO categories (name) VALUES ('Cups') RETURNING id)
INSERT INTO products (name, description, price, category_id)
SELECT 'Cup', repeat('x', 1000), 1, id FROM made, generate_series(1, 5)
"""


def is_uuid(text: str) -> bool:
    return str(UUID(text)) == text


# Request ids


@pytest.mark.parametrize("path", ["/products", "/nothing", "/users/me", f"{ROOT}/health", f"{ROOT}/openapi.json"])
async def test_every_answer_has_a_request_id(api: Api, path: str) -> None:
    assert is_uuid((await api.get(path)).headers["x-request-id"])


@pytest.mark.parametrize("given", ["a", "x" * 128, "~ !\"#$%&'()*+,-./:;<=>?@[]^_`{|}", "550e8400"])
async def test_the_callers_own_request_id_is_kept(api: Api, given: str) -> None:
    answer = await api.get("/nothing", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"] == given


@pytest.mark.parametrize("given", [b"", b" ", b"x" * 129, b"a\tb", b"a\x7f", "é".encode(), b"a\x00b"])
async def test_a_request_id_that_is_none_is_replaced(api: Api, given: bytes) -> None:
    answer = await api.get("/nothing", headers=[(b"X-Request-ID", given)])
    assert is_uuid(answer.headers["x-request-id"])
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


async def test_the_log_line_has_the_request_id_the_route_and_no_secret(api: Api) -> None:
    headers = {"X-Request-ID": "mine", "Authorization": "Bearer secret-token"}
    with capture_logs() as lines:
        await api.post("/users/login?key=secret-key", headers=headers, json=REGISTRATION)
        await api.get("/products/some-id", headers=headers)
    assert [line["request_id"] for line in lines] == ["mine", "mine"]
    assert [line["route"] for line in lines] == ["/api/v1/users/login", "/api/v1/products/{product_id}"]
    assert [line["status"] for line in lines] == [401, 404]
    assert all({"duration_ms", "statements", "method"} <= set(line) for line in lines)
    assert not re.search(r"secret|battery|argon2", repr(lines))


# HEAD and other methods


@pytest.mark.parametrize(
    "path", ["/products", "/categories", "/products/nope", "/users/me", f"{ROOT}/health", f"{ROOT}/docs"]
)
async def test_head_answers_as_get_does_without_a_body(api: Api, path: str) -> None:
    shown, head = await api.get(path), await api.head(path)
    assert (head.status_code, head.content) == (shown.status_code, b"")
    assert head.headers["content-type"] == shown.headers["content-type"]
    assert head.headers["content-length"] == str(len(shown.content))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/products", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/products/nope", {"DELETE", "GET", "HEAD", "OPTIONS", "PUT"}),
        ("GET", "/users/login", {"OPTIONS", "POST"}),
        ("HEAD", "/users/login", {"OPTIONS", "POST"}),
        ("PUT", "/categories", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
async def test_a_method_that_is_not_allowed_names_those_that_are(
    api: Api, method: str, path: str, allowed: set[str]
) -> None:
    answer = await api.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(("path", "status"), [("/products", 405), ("/nothing", 404)])
async def test_what_nobody_takes_is_refused_before_its_body_is_read(api: Api, path: str, status: int) -> None:
    answer = await api.patch(path, content=b"x" * 70_000)
    assert (answer.status_code, answer.headers["connection"]) == (status, "close")
    assert "connection" not in (await api.patch(path)).headers


@pytest.mark.parametrize("path", ["/products", "/products/nope", "/users/login", "/users/me", f"{ROOT}/health"])
async def test_options_names_the_same_methods(api: Api, path: str) -> None:
    answer, refused = await api.options(path), await api.request("PATCH", path)
    assert (answer.status_code, refused.status_code) == (204, 405)
    assert answer.headers["allow"] == refused.headers["allow"]


# Queries


EMPTY = [
    "deleted",
    "category_id",
    "sort",
    "in_stock",
    "min_price",
    "page",
    "page_size",
    "count",
    "subtree",
    "highlight",
]


@pytest.mark.parametrize("prefer", ["handling=strict", "handling=lenient"])
@pytest.mark.parametrize("name", EMPTY)
async def test_an_empty_parameter_counts_as_absent(api: Api, name: str, prefer: str) -> None:
    await api.database.write(execute, LONG)
    answer = await api.get(f"/products?{name}=", headers={"Prefer": prefer})
    assert (answer.status_code, answer.json()["data"]["total_count"]) == (200, 5)


async def test_a_parameter_that_is_empty_first_counts_where_it_is_not(api: Api) -> None:
    assert (await api.get("/products?page=&page=2&page=3")).json()["data"]["page"] == 2
    assert error_of(await api.get("/products?deleted=&deleted=only")) == (401, "MISSING_TOKEN")


# Bodies


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "application/x-www-form-urlencoded", "text/plain", "application/xml", "nonsense",
     "multipart/form-data; boundary=x", "application/x-msgpack"],
)  # fmt: skip
async def test_a_body_is_json_whatever_its_content_type_says(api: Api, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await api.post("/users/register", content=json.dumps(REGISTRATION), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "body", [b'{"name": "Ada", "name": "Ada"}', b'{"name": {"a": 1, "a": 1}}', b'{"x": [{"a": 1, "a": 2}]}']
)
async def test_a_key_twice_in_one_object_is_an_invalid_request(api: Api, body: bytes) -> None:
    assert error_of(await api.post("/users/register", content=body)) == (400, "INVALID_REQUEST")


async def test_a_key_that_is_spelt_with_an_escape_is_the_same_key(api: Api) -> None:
    body = rb'{"name": "Ada", "n\u0061me": "Ada"}'
    assert error_of(await api.post("/users/register", content=body)) == (400, "INVALID_REQUEST")


async def test_a_body_of_64_kilobytes_is_read_and_one_byte_more_is_not(api: Api) -> None:
    body = json.dumps(REGISTRATION).encode()
    answers = [await api.post("/users/login", content=body.ljust(size)) for size in (65_536, 65_537)]
    assert [error_of(answer) for answer in answers] == [(401, "INVALID_CREDENTIALS"), (413, "PAYLOAD_TOO_LARGE")]


async def test_times_are_rfc_3339_in_utc(api: Api) -> None:
    user = (await api.post("/users/register", json=REGISTRATION)).json()["data"]
    for name in ("created_at", "updated_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", user[name])
        assert datetime.fromisoformat(user[name]).tzinfo


# Preferences


STRICT = [
    "handling=strict", "Handling=Strict", 'handling="strict"', "handling = strict", "wait=5, handling=strict",
    "handling=strict; why=tests", "handling=strict, handling=lenient",
]  # fmt: skip
NOT_STRICT = ["handling=lenient", "strict", "handling", "handling=stricter", "nothandling=strict",
              "wait=5; handling=strict", "handling=lenient, handling=strict"]  # fmt: skip


@pytest.mark.parametrize("preference", STRICT)
async def test_strict_handling_is_applied_and_said_to_be(api: Api, preference: str) -> None:
    answer = await api.post("/users/register", json=REGISTRATION | {"x": 1}, headers={"Prefer": preference})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["x"])
    assert answer.headers["preference-applied"] == "handling=strict"


@pytest.mark.parametrize("preference", NOT_STRICT)
async def test_without_it_unknown_fields_are_ignored(api: Api, preference: str) -> None:
    answer = await api.post("/users/register", json=REGISTRATION | {"x": 1}, headers={"Prefer": preference})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


async def test_preferences_may_stand_in_several_headers(api: Api) -> None:
    headers = [("Prefer", "handling=strict"), ("Prefer", "wait=5")]
    answer = await api.post("/users/register", json=REGISTRATION | {"x": 1}, headers=headers)
    assert answer.status_code == 400


async def test_strict_handling_of_a_right_request_changes_nothing(api: Api) -> None:
    answer = await api.post("/users/register", json=REGISTRATION, headers={"Prefer": "handling=strict"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "handling=strict"


# Encoding


async def raw(api: Api, path: str, accepts: str) -> httpx.Response:
    """Return an answer whose body is as it was sent."""
    request = api.build_request("GET", path, headers={"Accept-Encoding": accepts})
    return await api.send(request, stream=True)


async def body_as_sent(answer: httpx.Response) -> bytes:
    return b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize("accepts", ["gzip", "br, gzip;q=0.5", "gzip, deflate", "gzip; q=1.0"])
async def test_a_large_answer_is_gzipped_for_those_who_accept_it(api: Api, accepts: str) -> None:
    await api.database.write(execute, LONG)
    answer = await raw(api, "/products", accepts)
    body = await body_as_sent(answer)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(body))
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert json.loads(gzip.decompress(body))["data"]["total_count"] == 5


@pytest.mark.parametrize("accepts", ["identity", "br", "gzip;q=0", "deflate, gzip; q=0.000", ""])
async def test_it_is_not_for_those_who_do_not(api: Api, accepts: str) -> None:
    await api.database.write(execute, LONG)
    answer = await raw(api, "/products", accepts)
    assert "content-encoding" not in answer.headers
    assert json.loads(await body_as_sent(answer))["data"]["total_count"] == 5
    assert "accept-encoding" in answer.headers["vary"].lower()


async def test_a_small_answer_is_not_gzipped(api: Api) -> None:
    assert "content-encoding" not in (await raw(api, "/products", "gzip")).headers


# Origins


async def preflight(api: Api, origin: str, method: str = "PUT", headers: str = "authorization") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return await api.options("/products", headers=asked)


async def test_an_allowed_origin_may_call_with_credentials_and_read_the_headers(api: Api) -> None:
    answer = await api.get("/products", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert exposed == {"X-Request-ID", "Link", "ETag", "Retry-After", "Idempotent-Replayed", "Preference-Applied"}


@pytest.mark.parametrize("path", ["/nothing", "/users/me"])
async def test_errors_can_be_read_from_an_allowed_origin_too(api: Api, path: str) -> None:
    answer = await api.get(path, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_an_answer_depends_on_the_origin_and_says_so(api: Api) -> None:
    for headers in ({}, {"Origin": ORIGIN}, {"Origin": "https://evil.example"}):
        assert "Origin" in (await api.get("/products", headers=headers)).headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:3000.evil.example", "HTTP://LOCALHOST:3000"]
)
async def test_another_origin_may_not_read(api: Api, origin: str) -> None:
    assert "access-control-allow-origin" not in (await api.get("/products", headers={"Origin": origin})).headers
    assert "access-control-allow-origin" not in (await preflight(api, origin)).headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "headers", ["authorization", "content-type,prefer", "x-request-id", "if-match,idempotency-key"]
)
async def test_a_preflight_tells_an_allowed_origin_what_it_may_send(api: Api, method: str, headers: str) -> None:
    answer = await preflight(api, ORIGIN, method, headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert set(headers.split(",")) <= set(allowed)


async def test_origins_are_as_the_settings_say(settings: Settings, db: Database) -> None:
    origins = ("https://shop.example", "https://admin.shop.example")
    async with api_over(settings.model_copy(update={"cors_allowed_origins": origins}), db) as api:
        for origin in origins:
            assert (await preflight(api, origin)).headers["access-control-allow-origin"] == origin
        assert "access-control-allow-origin" not in (await preflight(api, ORIGIN)).headers


# The rate limit


def limited(settings: Settings, limit: int = 2, proxies: tuple[str, ...] = ()) -> Settings:
    networks = tuple(ip_network(proxy) for proxy in proxies)
    return settings.model_copy(update={"api_rate_limit": limit, "trusted_proxies": networks})


async def statuses(api: Api, *forwarded: str) -> list[int]:
    return [(await api.get("/nothing", headers={"X-Forwarded-For": address})).status_code for address in forwarded]


async def test_two_workers_of_a_server_count_together(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RATE_LIMIT_MEMORY, "")  # so that what is shared ends with this test
    share_rate_limit(limited(settings))
    async with api_over(limited(settings), db) as one, api_over(limited(settings), db) as other:
        answers = [await api.get("/nothing") for api in (one, other, one, other)]
    assert [answer.status_code for answer in answers] == [404, 404, 429, 429]


async def test_a_refusal_says_when_to_come_back_and_to_every_origin_what_it_is(
    settings: Settings, db: Database
) -> None:
    async with api_over(limited(settings, 1), db) as api:
        answers = [await api.get("/nothing", headers={"Origin": ORIGIN, "X-Request-ID": "mine"}) for _ in range(2)]
    assert error_of(answers[1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(answers[1].headers["retry-after"]) <= 60
    assert answers[1].json()["error"]["request_id"] == answers[1].headers["x-request-id"] == "mine"
    assert answers[1].headers["access-control-allow-origin"] == ORIGIN


async def test_a_refused_request_reaches_nothing(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, 1), db) as api:
        await api.get("/nothing")
        with capture_logs() as lines:
            assert (await api.get("/products")).status_code == 429
    assert lines[-1]["statements"] == 0


async def test_health_and_preflights_are_exempt(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, 1), db) as api:
        await api.get("/nothing")
        for path in ("/health", "/api/v1/health", "/livez", "/readyz", "/health/", "//api//v1/health"):
            assert (await api.get(ROOT + path)).status_code == 200, path
        assert (await preflight(api, ORIGIN)).status_code == 204
        assert (await api.get("/nothing")).status_code == 429


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/start.js", "/docs/nothing", "/openapi.json"])
async def test_the_description_of_the_api_is_not_exempt(settings: Settings, db: Database, path: str) -> None:
    async with api_over(limited(settings, 1), db) as api:
        await api.get("/nothing")
        assert (await api.get(ROOT + path)).status_code == 429


async def test_zero_turns_the_limit_off(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, 0), db) as api:
        assert {(await api.get("/nothing")).status_code for _ in range(150)} == {404}


async def test_a_forwarded_address_of_anybody_does_not_count(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings), db) as api:
        assert await statuses(api, "192.0.2.1", "192.0.2.2", "192.0.2.3") == [404, 404, 429]


async def test_a_forwarded_address_of_a_trusted_proxy_counts(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, proxies=("127.0.0.0/8",)), db) as api:
        assert await statuses(api, *["192.0.2.1"] * 3, "192.0.2.2") == [404, 404, 429, 404]


async def test_what_a_client_wrote_left_of_its_own_address_does_not_count(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, proxies=("127.0.0.0/8", "10.0.0.0/8")), db) as api:
        lies = [f"203.0.113.{number}, 192.0.2.1, 10.0.0.1" for number in range(3)]
        assert await statuses(api, *lies) == [404, 404, 429]


async def test_a_client_of_ipv4_is_itself_behind_a_socket_for_both_versions(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, 1, proxies=("127.0.0.0/8",)), db) as api:
        mapped = [f"::ffff:192.0.2.{number}" for number in (1, 2)]
        assert await statuses(api, *mapped, "192.0.2.1") == [404, 404, 429]


async def test_clients_of_one_ipv6_network_count_as_one(settings: Settings, db: Database) -> None:
    async with api_over(limited(settings, 1, proxies=("127.0.0.0/8",)), db) as api:
        assert await statuses(api, "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1") == [404, 429, 404]
