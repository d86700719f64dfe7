"""Registering: who gets an account, and what is refused."""

import re

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.isolation import as_owner
from tests.support.shop import PASSWORD

from angidi.db.rows import fetch_value
from angidi.users.models import EMAIL_PATTERN

VALID = {"email": "ada@shop.example", "password": PASSWORD, "name": "Ada Lovelace"}


async def test_a_registration_answers_with_the_user_and_no_secret(api: Api) -> None:
    answer = await api.post("/users/register", json=VALID)
    assert answer.status_code == 201
    user = answer.json()["data"]
    assert set(user) == {"id", "email", "name", "role", "created_at", "updated_at", "version"}
    assert (user["email"], user["name"], user["role"]) == ("ada@shop.example", "Ada Lovelace", "user")


async def test_nobody_gives_themselves_a_role_an_id_or_a_time(api: Api) -> None:
    wished = {"role": "admin", "id": "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11", "created_at": "2001-01-01T00:00:00Z"}
    user = (await api.post("/users/register", json=VALID | wished)).json()["data"]
    assert user["role"] == "user"
    assert user["id"] != wished["id"]
    assert user["created_at"] != wished["created_at"]


async def test_address_and_name_are_trimmed(api: Api) -> None:
    answer = await api.post("/users/register", json=VALID | {"email": " ada@shop.example\n", "name": "\tAda  "})
    assert (answer.json()["data"]["email"], answer.json()["data"]["name"]) == ("ada@shop.example", "Ada")


async def test_a_password_is_taken_as_it_is_spaces_included(api: Api) -> None:
    await api.post("/users/register", json=VALID | {"password": f" {PASSWORD} "})
    login = {"email": VALID["email"], "password": PASSWORD}
    assert error_of(await api.post("/users/login", json=login)) == (401, "INVALID_CREDENTIALS")
    login["password"] = f" {PASSWORD} "
    assert (await api.post("/users/login", json=login)).status_code == 200


@pytest.mark.parametrize("email", ["ada@shop.example", "ADA@Shop.Example", "  ada@SHOP.example "])
async def test_an_address_is_taken_in_whatever_case(api: Api, email: str) -> None:
    await api.make_user("ada@shop.example")
    assert error_of(await api.post("/users/register", json=VALID | {"email": email})) == (409, "EMAIL_EXISTS")


async def test_a_deleted_users_address_can_be_registered_again(api: Api) -> None:
    former = await api.make_user("ada@shop.example")
    await api.services.users.delete(former.id)
    again = await api.post("/users/register", json=VALID)
    assert again.status_code == 201
    assert again.json()["data"]["id"] != str(former.id)


@pytest.mark.parametrize("field", VALID)
@pytest.mark.parametrize("value", [None, 1, True, [], {}, "", "  "], ids=repr)
async def test_a_field_that_is_no_text_or_empty_is_refused(api: Api, field: str, value: object) -> None:
    answer = await api.post("/users/register", json=VALID | {field: value})
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert fields_of(answer) == [field]


GOOD_ADDRESSES = (
    "o'brien@example.com",
    "r&d@example.com",
    "sales/eu@example.com",
    "a.b+c@x-y.example.co.uk",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    "ada@xn--bcher-kva.example",
    "ada@shop.xn--p1ai",
    "7@3com.com",
)
BAD_ADDRESSES = (
    "ada",
    "ada@",
    "@shop.example",
    "ada@shop",
    "a b@shop.example",
    "ada@shop.e",
    "é@ö.de",
    "a@b..com",
    ".a.@b.co",
    ".a@b.co",
    "a.@b.co",
    "a..b@b.co",
    "a@b.c|",
    "a@b.c|m",
    "a@-b.com",
    "a@b-.com",
    "a@.com",
    "a@b.com.",
    "a@b@c.com",
    "a@b_c.com",
    "a@b.c0m",
    "a@[127.0.0.1]",
    '"a b"@c.com',
    "a@b.xn--",
    "\u017f@b.com",
)


@pytest.mark.parametrize("email", GOOD_ADDRESSES)
async def test_an_address_by_the_rules_of_mail_is_taken(api: Api, email: str) -> None:
    answer = await api.post("/users/register", json=VALID | {"email": email})
    assert answer.json()["data"]["email"] == email


@pytest.mark.parametrize("email", [*GOOD_ADDRESSES, *BAD_ADDRESSES])
async def test_the_database_judges_addresses_as_the_service_does(api: Api, email: str) -> None:
    is_email = await api.database.read(fetch_value, "SELECT is_email(%(email)s)", {"email": email})
    assert is_email is bool(re.search(EMAIL_PATTERN, email)) is (email in GOOD_ADDRESSES)


async def test_a_user_with_an_address_of_the_former_rule_logs_in_and_is_changed_deleted_and_restored(api: Api) -> None:
    await api.make_user("ada@shop.example")
    disable, enable = (f"ALTER TABLE users {change} TRIGGER email_format" for change in ("DISABLE", "ENABLE"))
    await as_owner(api.database, disable, "UPDATE users SET email = 'a@b..com'", enable)
    user = (await api.post("/users/login", json={"email": "A@b..com", "password": PASSWORD})).json()["data"]["user"]
    assert user["email"] == "a@b..com"
    admin = await api.admin_headers()
    path = f"/users/{user['id']}"
    answers = [
        await api.put(path, headers=admin, json={"name": "Ada L."}),
        await api.delete(path, headers=admin),
        await api.post(f"{path}/restore", headers=admin),
    ]
    assert [answer.status_code for answer in answers] == [200, 204, 200]


@pytest.mark.parametrize("email", BAD_ADDRESSES)
async def test_what_is_no_address_is_refused(api: Api, email: str) -> None:
    assert fields_of(await api.post("/users/register", json=VALID | {"email": email})) == ["email"]


@pytest.mark.parametrize(
    ("field", "shortest", "longest"),
    [
        ("email", "a@b.de", "a" * 244 + "@b.example"),
        ("password", "a phrase", "é" * 128),
        ("name", "Jo", "é" * 100),
    ],
)
async def test_the_bounds_of_a_text_are_within_them(api: Api, field: str, shortest: str, longest: str) -> None:
    for number, value in enumerate((shortest, longest)):
        body = VALID | {"email": f"ada{number}@shop.example"} | {field: value}
        assert (await api.post("/users/register", json=body)).status_code == 201, value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "a" * 246 + "@b.example"),
        ("password", "1234567"),
        ("password", "1" * 129),
        ("name", "J"),
        ("name", " J "),
        ("name", "J" * 101),
    ],
)
async def test_a_text_beyond_its_bounds_is_refused(api: Api, field: str, value: str) -> None:
    assert fields_of(await api.post("/users/register", json=VALID | {field: value})) == [field]


async def test_every_failing_field_is_named_once(api: Api) -> None:
    answer = await api.post("/users/register", json={"email": "no", "password": "short"})
    assert sorted(fields_of(answer)) == ["email", "name", "password"]


async def test_an_unknown_field_is_ignored(api: Api) -> None:
    assert (await api.post("/users/register", json=VALID | {"shoe_size": 38})).status_code == 201


async def test_under_strict_handling_unknown_fields_are_named(api: Api) -> None:
    headers = {"Prefer": "handling=strict"}
    answer = await api.post("/users/register", json=VALID | {"role": "admin", "hat": 1}, headers=headers)
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert fields_of(answer) == ["role", "hat"]
