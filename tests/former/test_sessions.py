"""The former service knew no sessions: its access tokens hold without one, its refresh tokens become one."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import execute, fetch_value
from angidi.users.models import User
from angidi.users.passwords.models import NewPassword
from tests.former.tokens import access_token, refresh_token
from tests.support.api import Api, api_over, error_of

INVALID = (401, "INVALID_TOKEN")
COUNT = "SELECT count(*) FROM sessions"


@pytest.fixture
async def user(successor: Api) -> User:
    return await successor.make_user()


def bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token(user.id)}"}


async def refresh(api: Api, token: str) -> httpx.Response:
    return await api.post("/users/refresh-token", json={"refresh_token": token})


async def wait(api: Api, seconds: int) -> None:
    """Let time pass for the tokens that were replaced."""
    age = "UPDATE refresh_tokens SET rotated_at = rotated_at - %(seconds)s * interval '1 second'"
    await api.database.write(execute, age, {"seconds": seconds})


async def test_a_refresh_token_becomes_one_session_at_its_first_use(successor: Api, user: User) -> None:
    token = refresh_token(user.id)
    first = (await refresh(successor, token)).json()["data"]
    await wait(successor, 9)
    again = (await refresh(successor, token)).json()["data"]
    assert again["refresh_token"] == first["refresh_token"]
    assert await successor.database.read(fetch_value, COUNT) == 1


async def test_a_refresh_token_that_comes_later_ends_the_session(successor: Api, user: User) -> None:
    token = refresh_token(user.id)
    first = (await refresh(successor, token)).json()["data"]
    await wait(successor, 11)
    assert error_of(await refresh(successor, token)) == INVALID
    headers = {"Authorization": f"Bearer {first['access_token']}"}
    assert error_of(await successor.get("/users/me", headers=headers)) == INVALID
    assert error_of(await refresh(successor, first["refresh_token"])) == INVALID


async def test_a_refresh_token_comes_back_by_no_rotation_of_its_session(successor: Api, user: User) -> None:
    token = refresh_token(user.id)
    latest = (await refresh(successor, token)).json()["data"]["refresh_token"]
    for _ in range(3):
        await wait(successor, 11)
        latest = (await refresh(successor, latest)).json()["data"]["refresh_token"]
    assert error_of(await refresh(successor, token)) == INVALID


async def log_out_everywhere(api: Api, user: User) -> None:
    assert (await api.post("/users/me/logout-all", headers=bearer(user))).status_code == 204


async def change_password(api: Api, user: User) -> None:
    await api.services.passwords.set(user.id, NewPassword("another long phrase"))


async def delete_and_restore(api: Api, user: User) -> None:
    await api.services.users.delete(user.id)
    await api.services.users.restore(user.id)


@pytest.mark.parametrize("end", [log_out_everywhere, change_password, delete_and_restore])
async def test_both_tokens_hold_until_all_sessions_end(
    successor: Api, user: User, end: Callable[[Api, User], Awaitable[None]]
) -> None:
    headers, token = bearer(user), refresh_token(user.id)
    assert (await successor.get("/users/me", headers=headers)).status_code == 200
    await end(successor, user)
    for path in ("/users/me", "/users/me/profile"):
        assert error_of(await successor.get(path, headers=headers)) == INVALID
    assert error_of(await refresh(successor, token)) == INVALID


async def test_a_log_out_with_an_access_token_ends_nothing(successor: Api, user: User) -> None:
    headers = bearer(user)
    assert (await successor.post("/users/logout", headers=headers)).status_code == 204
    assert (await successor.get("/users/me", headers=headers)).status_code == 200


@pytest.mark.parametrize("used", [False, True])
async def test_a_log_out_with_a_refresh_token_ends_its_session(successor: Api, user: User, *, used: bool) -> None:
    headers, token = bearer(user), refresh_token(user.id)
    if used:
        await refresh(successor, token)
    body = {"refresh_token": token}
    assert (await successor.post("/users/logout", headers=headers, json=body)).status_code == 204
    assert error_of(await refresh(successor, token)) == INVALID


async def test_a_refresh_token_of_a_deleted_user_becomes_no_session(successor: Api, user: User) -> None:
    await successor.services.users.delete(user.id)
    assert error_of(await refresh(successor, refresh_token(user.id))) == INVALID
    assert await successor.database.read(fetch_value, COUNT) == 0


async def test_with_reuse_allowed_refresh_tokens_are_used_again_and_again(settings: Settings, db: Database) -> None:
    async with api_over(settings.model_copy(update={"jwt_refresh_reuse": "allow"}), db) as api:
        user = await api.make_user()
        first = (await api.log_in(user.id)).refresh_token
        data: dict[str, Any] = {"refresh_token": first}
        for _ in range(3):
            for token in (first, data["refresh_token"]):
                answer = await refresh(api, token)
                assert answer.status_code == 200, answer.text
                data = answer.json()["data"]
            await wait(api, 11)
        headers = {"Authorization": f"Bearer {data['access_token']}"}
        assert (await api.post("/users/logout", headers=headers)).status_code == 204
        assert error_of(await refresh(api, first)) == INVALID
