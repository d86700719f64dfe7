"""Passwords: changed by their owners, and reset by a token that an admin hands over."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import PASSWORD

from angidi.db.rows import execute, fetch_value
from angidi.users.models import User
from angidi.users.passwords.repository import find_resetting

EMAIL = "ada@shop.example"
NEW, NEWER = "another long phrase", "a third long phrase"
INVALID = (401, "INVALID_TOKEN")
SET = "UPDATE users SET password_hash = %(hash)s"
PASS_TIME = "UPDATE password_resets SET expires_at = expires_at - interval '1 hour'"

Tokens = dict[str, Any]


@pytest.fixture
async def user(api: Api) -> User:
    return await api.make_user(EMAIL)


async def log_in(api: Api, password: str = PASSWORD) -> httpx.Response:
    return await api.post("/users/login", json={"email": EMAIL, "password": password})


async def tokens_of(api: Api) -> Tokens:
    return (await log_in(api)).json()["data"]


async def change(api: Api, tokens: Tokens, current: str = PASSWORD, new: str = NEW) -> httpx.Response:
    return await api.put(
        "/users/me/password", headers=bearer(tokens), json={"current_password": current, "new_password": new}
    )


async def reset(api: Api, token: str, new: str = NEW) -> httpx.Response:
    return await api.post("/users/password-reset", json={"reset_token": token, "new_password": new})


async def issue(api: Api, user: User) -> str:
    """Return the token that an admin gets."""
    return (await api.services.passwords.issue_reset(user.id)).reset_token


def bearer(tokens: Tokens) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def is_let_in(api: Api, tokens: Tokens) -> bool:
    shown = await api.get("/users/me", headers=bearer(tokens))
    refreshed = await api.post("/users/refresh-token", json={"refresh_token": tokens["refresh_token"]})
    assert (shown.status_code == 200) is (refreshed.status_code == 200)
    return shown.status_code == 200


@pytest.mark.usefixtures("user")
async def test_a_changed_password_takes_the_place_of_the_former_one(api: Api) -> None:
    assert (await change(api, await tokens_of(api))).status_code == 204
    assert [(await log_in(api, each)).status_code for each in (PASSWORD, NEW)] == [401, 200]


@pytest.mark.usefixtures("user")
async def test_a_change_ends_every_session_but_its_own(api: Api) -> None:
    own, *others = [await tokens_of(api) for _ in range(3)]
    assert (await change(api, own)).status_code == 204
    assert [await is_let_in(api, each) for each in (own, *others)] == [True, False, False]


@pytest.mark.usefixtures("user")
async def test_a_wrong_current_password_changes_nothing_and_is_named(api: Api) -> None:
    first, second = await tokens_of(api), await tokens_of(api)
    answer = await change(api, first, current="a wrong one")
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["current_password"])
    assert [await is_let_in(api, each) for each in (first, second)] == [True, True]
    assert (await log_in(api)).status_code == 200


@pytest.mark.usefixtures("user")
async def test_wrong_current_passwords_count_as_failed_log_ins(api: Api) -> None:
    tokens = await tokens_of(api)
    for _ in range(5):
        assert (await change(api, tokens, current="a wrong one")).status_code == 400
        assert (await log_in(api, "a wrong one")).status_code == 401
    for answer in (await change(api, tokens), await log_in(api)):
        assert error_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
        assert 0 < int(answer.headers["Retry-After"]) <= 30


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("new", ["short", "x" * 129, "password", "Ada@shop.example", ""])
async def test_what_is_no_new_password_is_refused_on_its_field(api: Api, new: str) -> None:
    tokens = await tokens_of(api)
    answer = await change(api, tokens, new=new)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["new_password"])
    answer = await api.put("/users/me/password", headers=bearer(tokens), json={})
    assert fields_of(answer) == ["current_password", "new_password"]


async def test_an_admins_new_password_is_longer(api: Api) -> None:
    admin = await api.make_admin(EMAIL)
    tokens = await tokens_of(api)
    answers = [await change(api, tokens, new="elevenchars"), await reset(api, await issue(api, admin), "elevenchars")]
    assert [fields_of(answer) for answer in answers] == [["new_password"]] * 2


async def test_who_has_no_token_changes_no_password(api: Api) -> None:
    assert error_of(await change(api, {"access_token": "x"})) == INVALID


async def test_an_admin_gets_a_token_for_an_hour(api: Api, user: User) -> None:
    path, admin = f"/users/{user.id}/password-reset", await api.admin_headers()
    answer = await api.post(path, headers=admin)
    assert answer.status_code == 201
    assert set(answer.json()["data"]) == {"reset_token", "expires_at"}
    left = datetime.fromisoformat(answer.json()["data"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=58) < left <= timedelta(hours=1)
    assert error_of(await api.post(path, headers=api.as_(user))) == (403, "FORBIDDEN")
    assert error_of(await api.post(path)) == (401, "MISSING_TOKEN")


async def test_a_reset_replaces_the_password_and_ends_every_session(api: Api, user: User) -> None:
    tokens = await tokens_of(api)
    assert (await reset(api, await issue(api, user))).status_code == 204
    assert not await is_let_in(api, tokens)
    assert [(await log_in(api, each)).status_code for each in (PASSWORD, NEW)] == [401, 200]


async def test_a_token_resets_once(api: Api, user: User) -> None:
    token = await issue(api, user)
    assert (await reset(api, token)).status_code == 204
    assert error_of(await reset(api, token, NEWER)) == INVALID
    assert (await log_in(api, NEW)).status_code == 200


async def test_a_newer_token_voids_the_one_before(api: Api, user: User) -> None:
    first, second = await issue(api, user), await issue(api, user)
    assert error_of(await reset(api, first)) == INVALID
    assert (await reset(api, second)).status_code == 204


async def test_a_token_expires_after_an_hour(api: Api, user: User) -> None:
    token = await issue(api, user)
    await api.database.write(execute, PASS_TIME)
    assert error_of(await reset(api, token)) == INVALID


async def test_a_change_of_the_password_voids_a_reset(api: Api, user: User) -> None:
    token = await issue(api, user)
    assert (await change(api, await tokens_of(api))).status_code == 204
    assert error_of(await reset(api, token)) == INVALID


@pytest.mark.parametrize("new", ["short", "password", EMAIL])
async def test_a_refused_new_password_leaves_the_token_good(api: Api, user: User, new: str) -> None:
    token = await issue(api, user)
    answer = await reset(api, token, new)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["new_password"])
    assert (await reset(api, token)).status_code == 204


async def test_a_token_that_nobody_made_resets_nothing(api: Api, user: User) -> None:
    await issue(api, user)
    assert error_of(await reset(api, "x")) == INVALID
    assert fields_of(await reset(api, "")) == ["reset_token"]


async def test_a_deleted_user_has_no_reset(api: Api, user: User) -> None:
    token, admin = await issue(api, user), await api.admin_headers()
    await api.services.users.delete(user.id)
    assert error_of(await reset(api, token)) == INVALID
    for user_id in (user.id, "x"):
        answer = await api.post(f"/users/{user_id}/password-reset", headers=admin)
        assert error_of(answer) == (404, "USER_NOT_FOUND")


async def test_a_token_is_stored_as_a_hash(api: Api, user: User) -> None:
    token = await issue(api, user)
    kept = await api.database.read(fetch_value, "SELECT password_resets::text FROM password_resets")
    assert token not in kept
    assert token.encode().hex() not in kept


async def test_of_many_resets_by_one_token_one_is_done(pool_api: Api) -> None:
    token = await issue(pool_api, await pool_api.make_user(EMAIL))
    new = [f"phrase number {number}" for number in range(8)]
    answers = await asyncio.gather(*(reset(pool_api, token, each) for each in new))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 401: 7}
    done = next(each for each, answer in zip(new, answers, strict=True) if answer.status_code == 204)
    assert (await log_in(pool_api, done)).status_code == 200


async def test_who_reads_before_writing_resets_as_often_as_the_token_is_sent(pool_api: Api) -> None:
    """The control of the test above."""
    token = await issue(pool_api, await pool_api.make_user(EMAIL))
    barrier = asyncio.Barrier(8)

    async def reset_anyway(number: int) -> int:
        owner = await pool_api.database.read(find_resetting, sha256(token.encode()).digest())
        assert owner
        await barrier.wait()
        return await pool_api.database.write(execute, SET, {"hash": f"hash {number}"})

    assert sum(await asyncio.gather(*map(reset_anyway, range(8)))) == 8


async def test_of_many_changes_at_once_one_is_done(pool_api: Api) -> None:
    await pool_api.make_user(EMAIL)
    tokens = await tokens_of(pool_api)
    answers = await asyncio.gather(*(change(pool_api, tokens, new=f"phrase number {number}") for number in range(8)))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 400: 7}


async def test_a_reset_is_logged_without_its_token(api: Api, user: User) -> None:
    admin = await api.make_admin()
    with capture_logs() as lines:
        answer = await api.post(f"/users/{user.id}/password-reset", headers=api.as_(admin))
        await reset(api, answer.json()["data"]["reset_token"])
    events = {line["event"]: line for line in lines}
    assert events["password reset issued"]["admin_id"] == str(admin.id)
    assert events["password reset"]["user_id"] == str(user.id)
    assert answer.json()["data"]["reset_token"] not in str(lines)
