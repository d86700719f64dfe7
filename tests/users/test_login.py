"""Logging in and refreshing: tokens for those who may, one answer for all others."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from typing import Any

import bcrypt
import httpx
import pytest
from argon2 import PasswordHasher
from tests.support.api import Api, api_over, error_of
from tests.support.shop import PASSWORD, make, rows

from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import execute, fetch_value

EMAIL = "ada@shop.example"
GO_PASSWORD = "go-gopher-1"


async def log_in(api: Api, password: str = PASSWORD, email: str = EMAIL) -> httpx.Response:
    return await api.post("/users/login", json={"email": email, "password": password})


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, whoever signed it."""
    return json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))


async def stored_hash(api: Api) -> str:
    return await api.database.read(fetch_value, "SELECT password_hash FROM users")


async def make_user_with(api: Api, password_hash: str) -> None:
    await make(api.database, rows("users", {"email": EMAIL, "password_hash": password_hash}))


async def make_go_user(api: Api, password: str = GO_PASSWORD) -> None:
    await make_user_with(api, go_hash(password))


def go_hash(password: str) -> str:
    """Return a hash as Go's bcrypt writes it, but cheaper: the prefix $2a$, 72 bytes of the password."""
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4, b"2a")).decode()


async def test_a_login_answers_with_both_tokens_and_the_user(api: Api) -> None:
    user = await api.make_user(EMAIL)
    answer = await log_in(api)
    assert answer.status_code == 200
    tokens = answer.json()["data"]
    assert set(tokens) == {"access_token", "refresh_token", "expires_in", "user"}
    assert tokens["expires_in"] == 900
    assert tokens["user"]["id"] == str(user.id)


async def test_an_access_token_carries_the_claims_of_the_contract(api: Api) -> None:
    user = await api.make_user(EMAIL)
    claims = claims_of((await log_in(api)).json()["data"]["access_token"])
    assert set(claims) == {"user_id", "email", "role", "sid", "iss", "iat", "nbf", "exp"}
    assert (claims["user_id"], claims["email"], claims["role"]) == (str(user.id), EMAIL, "user")
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("angidi-api", 15 * 60)


async def test_a_refresh_token_carries_the_claims_of_the_contract(api: Api) -> None:
    user = await api.make_user(EMAIL)
    claims = claims_of((await log_in(api)).json()["data"]["refresh_token"])
    assert (claims["sub"], claims["iss"]) == (str(user.id), "angidi-api")
    assert claims["exp"] - claims["iat"] == 7 * 24 * 3600


@pytest.mark.parametrize("email", ["ADA@SHOP.EXAMPLE", "  ada@shop.example "])
async def test_an_address_logs_in_in_whatever_case_and_trimmed(api: Api, email: str) -> None:
    await api.make_user(EMAIL)
    assert (await log_in(api, email=email)).status_code == 200


async def test_a_wrong_password_an_unknown_address_and_a_deleted_account_get_one_answer(api: Api) -> None:
    await api.make_user(EMAIL)
    former = await api.make_user("former@shop.example")
    await api.services.users.delete(former.id)
    answers = [
        await log_in(api, "another password"),
        await log_in(api, email="nobody@shop.example"),
        await log_in(api, email="former@shop.example"),
        await log_in(api, email="no@address"),
        await log_in(api, "x" * 129),
        await log_in(api, email=f"{'x' * 255}@shop.example"),
    ]
    assert {error_of(answer) for answer in answers} == {(401, "INVALID_CREDENTIALS")}
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": EMAIL},
        {"email": EMAIL, "password": ""},
        {"email": 1, "password": 2},
        *({"email": email, "password": PASSWORD} for email in ("", "no address", "@", "@shop.example", "ada@", " @ ")),
    ],
)
async def test_a_login_without_address_or_password_is_refused(api: Api, body: dict[str, object]) -> None:
    assert error_of(await api.post("/users/login", json=body)) == (400, "VALIDATION_ERROR")


COMPOSED, DECOMPOSED = "caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301"


@pytest.mark.parametrize(("registered", "given"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
async def test_a_password_logs_in_in_either_form_of_unicode(api: Api, registered: str, given: str) -> None:
    body = {"email": EMAIL, "password": registered, "name": "Ada"}
    assert (await api.post("/users/register", json=body)).status_code == 201
    assert [(await log_in(api, password)).status_code for password in (given, registered, f"{given} ")] == [
        200,
        200,
        401,
    ]


async def test_a_hash_of_the_former_service_logs_in_and_becomes_argon2id(api: Api) -> None:
    await make_go_user(api)
    assert (await stored_hash(api)).startswith("$2a$04$")
    assert (await log_in(api, GO_PASSWORD)).status_code == 200
    assert (await stored_hash(api)).startswith("$argon2id$")
    assert (await log_in(api, GO_PASSWORD)).status_code == 200


async def test_a_hash_that_go_made_logs_in(api: Api) -> None:
    # The example in the tests of golang.org/x/crypto/bcrypt.
    await make_user_with(api, "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga")
    assert (await log_in(api, "allmine")).status_code == 200


async def test_a_wrong_password_leaves_a_hash_of_the_former_service_as_it_was(api: Api) -> None:
    await make_go_user(api)
    before = await stored_hash(api)
    assert error_of(await log_in(api, "gopher-2-go")) == (401, "INVALID_CREDENTIALS")
    assert await stored_hash(api) == before


async def test_a_hash_of_the_former_service_takes_72_bytes_of_a_longer_password(api: Api) -> None:
    long = "é" * 40
    await make_go_user(api, long)
    assert (await log_in(api, long)).status_code == 200


TAILS = ["", "more", "of another kind", "é"]
BEGINNING = "a phrase of exactly seventy-two bytes that no shop should have asked for"


@pytest.mark.parametrize("registered", TAILS)
@pytest.mark.parametrize("first", TAILS)
async def test_whatever_follows_72_bytes_goes_on_to_log_in_after_the_hash_was_replaced(
    api: Api, registered: str, first: str
) -> None:
    await make_go_user(api, BEGINNING + registered)
    for tail in (first, *TAILS):
        assert (await log_in(api, BEGINNING + tail)).status_code == 200, tail
    assert (await stored_hash(api)).startswith("$argon2id$")
    assert error_of(await log_in(api, BEGINNING[:-1])) == (401, "INVALID_CREDENTIALS")


async def test_the_cut_at_72_bytes_may_go_through_a_character(api: Api) -> None:
    await make_go_user(api, "a" + "é" * 40)
    assert (await log_in(api, "a" + "é" * 40)).status_code == 200
    assert (await log_in(api, "a" + "é" * 39)).status_code == 200


async def test_a_long_password_that_was_never_cut_matches_as_a_whole_only(api: Api) -> None:
    body = {"email": EMAIL, "password": BEGINNING + "and more", "name": "Ada"}
    assert (await api.post("/users/register", json=body)).status_code == 201
    assert (await log_in(api, BEGINNING + "and more")).status_code == 200
    assert error_of(await log_in(api, BEGINNING)) == (401, "INVALID_CREDENTIALS")
    assert error_of(await log_in(api, BEGINNING + "and other")) == (401, "INVALID_CREDENTIALS")


@pytest.fixture
async def deferring(settings: Settings, db: Database) -> AsyncIterator[Api]:
    """The API with PASSWORD_REHASH=false: the former service can still be gone back to."""
    async with api_over(settings.model_copy(update={"password_rehash": False}), db) as api:
        yield api


async def test_a_deferred_replacement_leaves_the_hash_as_the_former_service_made_it(deferring: Api) -> None:
    await make_go_user(deferring)
    before = await stored_hash(deferring)
    assert (await log_in(deferring, GO_PASSWORD)).status_code == 200
    assert await stored_hash(deferring) == before


@pytest.mark.parametrize("password", [PASSWORD, BEGINNING + "and more"])
async def test_meanwhile_a_new_account_has_a_hash_that_the_former_service_reads(deferring: Api, password: str) -> None:
    body = {"email": EMAIL, "password": password, "name": "Ada"}
    assert (await deferring.post("/users/register", json=body)).status_code == 201
    stored = await stored_hash(deferring)
    assert stored.startswith("$2a$12$")
    assert bcrypt.checkpw(password.encode()[:72], stored.encode())
    assert (await log_in(deferring, password)).status_code == 200
    assert error_of(await log_in(deferring, "something else")) == (401, "INVALID_CREDENTIALS")


async def test_meanwhile_accounts_whose_hash_was_replaced_before_log_in(deferring: Api) -> None:
    await deferring.make_user(EMAIL)
    assert (await log_in(deferring)).status_code == 200
    assert (await stored_hash(deferring)).startswith("$argon2id$")


@pytest.mark.parametrize("registered", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
async def test_a_password_is_the_same_in_every_form_of_unicode(api: Api, registered: str, typed: str) -> None:
    body = {"email": EMAIL, "password": registered, "name": "Ada"}
    assert (await api.post("/users/register", json=body)).status_code == 201
    assert (await log_in(api, typed)).status_code == 200
    assert error_of(await log_in(api, "cafe cafe")) == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("hashed", [PasswordHasher().hash, go_hash], ids=["argon2id", "bcrypt"])
async def test_a_hash_of_another_form_logs_in_and_becomes_one_of_nfc(api: Api, hashed: Callable[[str], str]) -> None:
    await make_user_with(api, hashed(DECOMPOSED))
    assert (await log_in(api, COMPOSED)).status_code == 401
    assert (await log_in(api, DECOMPOSED)).status_code == 200
    assert PasswordHasher().verify(await stored_hash(api), COMPOSED)
    assert [(await log_in(api, each)).status_code for each in (COMPOSED, DECOMPOSED)] == [200, 200]


async def test_a_hash_of_nfc_stays_as_it_is(api: Api) -> None:
    await api.post("/users/register", json={"email": EMAIL, "password": DECOMPOSED, "name": "Ada"})
    before = await stored_hash(api)
    assert (await log_in(api, DECOMPOSED)).status_code == 200
    assert await stored_hash(api) == before


async def test_blanks_around_a_password_count(api: Api) -> None:
    await api.post("/users/register", json={"email": EMAIL, "password": " white space ", "name": "Ada"})
    assert (await log_in(api, "white space")).status_code == 401
    assert (await log_in(api, " white space ")).status_code == 200


async def test_a_hash_of_no_known_kind_is_a_wrong_password(api: Api) -> None:
    await make_user_with(api, "$2a$broken")
    assert error_of(await log_in(api)) == (401, "INVALID_CREDENTIALS")


async def test_a_refresh_token_gives_new_tokens(api: Api) -> None:
    await api.make_user(EMAIL)
    refresh_token = (await log_in(api)).json()["data"]["refresh_token"]
    answer = await api.post("/users/refresh-token", json={"refresh_token": refresh_token})
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}
    assert (await api.get("/users/me", headers=headers)).status_code == 200


async def test_refreshed_tokens_tell_of_the_role_as_it_is_now(api: Api) -> None:
    user = await api.make_user(EMAIL)
    await api.database.write(execute, "UPDATE users SET role = 'moderator'")
    answer = await api.post("/users/refresh-token", json={"refresh_token": (await api.log_in(user.id)).refresh_token})
    assert claims_of(answer.json()["data"]["access_token"])["role"] == "moderator"


async def test_an_access_token_does_not_refresh(api: Api) -> None:
    user = await api.make_user(EMAIL)
    body = {"refresh_token": api.tokens.make_access(user.id, user.email, user.role)}
    assert error_of(await api.post("/users/refresh-token", json=body)) == (401, "INVALID_TOKEN")


async def test_a_refresh_token_is_no_access_token(api: Api) -> None:
    user = await api.make_user(EMAIL)
    headers = {"Authorization": f"Bearer {(await api.log_in(user.id)).refresh_token}"}
    assert error_of(await api.get("/users/me", headers=headers)) == (401, "INVALID_TOKEN")


async def test_a_deleted_user_cannot_refresh(api: Api) -> None:
    user = await api.make_user(EMAIL)
    body = {"refresh_token": (await api.log_in(user.id)).refresh_token}
    await api.services.users.delete(user.id)
    assert error_of(await api.post("/users/refresh-token", json=body)) == (401, "INVALID_TOKEN")


async def test_an_expired_refresh_token_is_invalid(api: Api) -> None:
    user = await api.make_user(EMAIL)
    claims = api.tokens.read_refresh((await api.log_in(user.id)).refresh_token)
    body = {"refresh_token": api.tokens.make_refresh(claims._replace(expires_at=int(time.time()) - 1))}
    assert error_of(await api.post("/users/refresh-token", json=body)) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("token", [None, 1, [], {}, "", " "])
async def test_a_refresh_token_that_is_no_text_is_refused(api: Api, token: object) -> None:
    answer = await api.post("/users/refresh-token", json={"refresh_token": token})
    assert error_of(answer) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("token", ["x", "a.b.c"])
async def test_a_refresh_token_that_nobody_made_is_invalid(api: Api, token: str) -> None:
    answer = await api.post("/users/refresh-token", json={"refresh_token": token})
    assert error_of(answer) == (401, "INVALID_TOKEN")
