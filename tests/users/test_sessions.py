"""Sessions: a log-in starts one, refresh tokens rotate, and log-outs end it at once."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from tests.support.api import Api, api_over, error_of
from tests.support.shop import PASSWORD

from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import execute, fetch_value
from angidi.users.errors import CredentialsInvalid
from angidi.users.models import User
from angidi.users.passwords.models import NewPassword
from angidi.users.repository import find_login_account
from angidi.users.sessions import repository as sessions

INVALID = (401, "INVALID_TOKEN")
AGE = "UPDATE refresh_tokens SET rotated_at = rotated_at - %(seconds)s * interval '1 second'"
EXPIRE = "UPDATE sessions SET expires_at = expires_at - %(days)s * interval '1 day' WHERE id = %(id)s"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

Tokens = dict[str, Any]


@pytest.fixture
async def user(api: Api) -> User:
    return await api.make_user()


@pytest.fixture
async def tokens(api: Api, user: User) -> Tokens:
    """The tokens of a session of `user`."""
    return await log_in(api, user)


async def log_in(api: Api, user: User) -> Tokens:
    answer = await api.post("/users/login", json={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200
    return answer.json()["data"]


async def refresh(api: Api, token: str) -> httpx.Response:
    return await api.post("/users/refresh-token", json={"refresh_token": token})


async def renewed(api: Api, token: str) -> Tokens:
    answer = await refresh(api, token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def wait(api: Api, seconds: float) -> None:
    """Let time pass for the tokens that were replaced."""
    await api.database.write(execute, AGE, {"seconds": seconds})


async def is_let_in(api: Api, tokens: Tokens) -> bool:
    answer = await api.get("/users/me", headers=bearer(tokens))
    assert answer.status_code == 200 or error_of(answer) == INVALID
    return answer.status_code == 200


def bearer(tokens: Tokens) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_all_tokens_of_a_session_name_it(api: Api, tokens: Tokens) -> None:
    after = await renewed(api, tokens["refresh_token"])
    ids = {api.tokens.read_access(each["access_token"]).session_id for each in (tokens, after)}
    ids |= {api.tokens.read_refresh(each["refresh_token"]).session_id for each in (tokens, after)}
    assert len(ids) == 1


async def test_a_refresh_replaces_the_refresh_token(api: Api, tokens: Tokens) -> None:
    after = await renewed(api, tokens["refresh_token"])
    assert after["refresh_token"] != tokens["refresh_token"]
    assert await is_let_in(api, after)
    assert await is_let_in(api, await renewed(api, after["refresh_token"]))


async def test_a_token_gives_its_successor_again_for_ten_seconds(api: Api, tokens: Tokens) -> None:
    after = await renewed(api, tokens["refresh_token"])
    await wait(api, 9)
    assert (await renewed(api, tokens["refresh_token"]))["refresh_token"] == after["refresh_token"]


async def test_the_ten_seconds_are_those_of_the_token_not_of_the_session(api: Api, tokens: Tokens) -> None:
    second = await renewed(api, tokens["refresh_token"])
    await wait(api, 6)
    third = await renewed(api, second["refresh_token"])
    assert (await renewed(api, tokens["refresh_token"]))["refresh_token"] == second["refresh_token"]
    assert (await renewed(api, second["refresh_token"]))["refresh_token"] == third["refresh_token"]
    await wait(api, 6)
    assert (await renewed(api, second["refresh_token"]))["refresh_token"] == third["refresh_token"]
    assert error_of(await refresh(api, tokens["refresh_token"])) == INVALID


async def test_a_token_that_comes_later_ends_the_session(api: Api, tokens: Tokens) -> None:
    after = await renewed(api, tokens["refresh_token"])
    await wait(api, 11)
    assert error_of(await refresh(api, tokens["refresh_token"])) == INVALID
    assert not await is_let_in(api, tokens)
    assert not await is_let_in(api, after)
    assert error_of(await refresh(api, after["refresh_token"])) == INVALID


async def test_a_token_that_is_no_longer_kept_ends_the_session_too(api: Api, tokens: Tokens) -> None:
    latest = tokens
    for _ in range(3):
        latest = await renewed(api, latest["refresh_token"])
        await wait(api, 11)
    assert await api.database.read(fetch_value, "SELECT count(*) FROM refresh_tokens") == 2
    assert error_of(await refresh(api, tokens["refresh_token"])) == INVALID
    assert not await is_let_in(api, latest)


async def test_the_other_sessions_of_the_account_go_on(api: Api, user: User, tokens: Tokens) -> None:
    other = await log_in(api, user)
    await renewed(api, tokens["refresh_token"])
    await wait(api, 11)
    await refresh(api, tokens["refresh_token"])
    assert await is_let_in(api, other)


async def test_no_token_is_stored(api: Api, tokens: Tokens) -> None:
    claims = api.tokens.read_refresh(tokens["refresh_token"])
    stored = await api.database.read(fetch_value, "SELECT json_agg(refresh_tokens)::text FROM refresh_tokens")
    assert claims.hash.hex() in stored
    assert claims.token_id not in stored


async def test_a_session_goes_on_while_the_key_is_changed(
    settings: Settings, db: Database, api: Api, tokens: Tokens
) -> None:
    former = SecretStr((settings.angidi_home / "jwt-secret").read_text())
    new = {"jwt_secret": SecretStr("n" * 64)}
    both = settings.model_copy(update=new | {"jwt_previous_secret": former})
    async with api_over(both, db) as during, api_over(settings.model_copy(update=new), db) as after:
        assert await is_let_in(during, tokens)
        assert not await is_let_in(after, tokens)
        signed_before = await renewed(api, tokens["refresh_token"])
        signed_now = await renewed(during, tokens["refresh_token"])
        assert signed_now["refresh_token"] != signed_before["refresh_token"]
        assert await is_let_in(after, signed_now)
        answers = [await renewed(during, each["refresh_token"]) for each in (signed_before, signed_now)]
        assert answers[0]["refresh_token"] == answers[1]["refresh_token"]
        await renewed(after, answers[0]["refresh_token"])


async def test_an_expired_token_does_not_end_its_session(api: Api, tokens: Tokens) -> None:
    claims = api.tokens.read_refresh(tokens["refresh_token"])
    expired = api.tokens.make_refresh(claims._replace(token_id="0" * 32, expires_at=int(claims.issued_at) - 1))
    assert error_of(await refresh(api, expired)) == INVALID
    assert await is_let_in(api, tokens)


async def test_a_log_out_ends_the_session_of_the_access_token(api: Api, user: User, tokens: Tokens) -> None:
    other = await log_in(api, user)
    assert (await api.post("/users/logout", headers=bearer(tokens))).status_code == 204
    assert not await is_let_in(api, tokens)
    assert error_of(await refresh(api, tokens["refresh_token"])) == INVALID
    assert await is_let_in(api, other)


async def test_a_log_out_with_a_refresh_token_ends_the_session_of_that(api: Api, user: User, tokens: Tokens) -> None:
    other = await log_in(api, user)
    body = {"refresh_token": other["refresh_token"]}
    assert (await api.post("/users/logout", headers=bearer(tokens), json=body)).status_code == 204
    assert await is_let_in(api, tokens)
    assert not await is_let_in(api, other)


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": ""}])
async def test_without_a_refresh_token_the_access_token_counts(api: Api, tokens: Tokens, body: dict[str, Any]) -> None:
    assert (await api.post("/users/logout", headers=bearer(tokens), json=body)).status_code == 204
    assert not await is_let_in(api, tokens)


async def test_nobody_logs_somebody_else_out(api: Api, tokens: Tokens) -> None:
    other = await log_in(api, await api.make_user("other@shop.example"))
    body = {"refresh_token": tokens["refresh_token"]}
    assert error_of(await api.post("/users/logout", headers=bearer(other), json=body)) == INVALID
    assert await is_let_in(api, tokens)
    assert await is_let_in(api, other)


@pytest.mark.parametrize("token", ["x", "a.b.c"])
async def test_a_log_out_with_what_is_no_refresh_token_ends_nothing(api: Api, tokens: Tokens, token: str) -> None:
    answer = await api.post("/users/logout", headers=bearer(tokens), json={"refresh_token": token})
    assert error_of(answer) == INVALID
    assert await is_let_in(api, tokens)


async def test_a_session_is_logged_out_of_once(api: Api, tokens: Tokens) -> None:
    await api.post("/users/logout", headers=bearer(tokens))
    assert error_of(await api.post("/users/logout", headers=bearer(tokens))) == INVALID


async def test_a_log_out_everywhere_ends_every_session_of_the_account(api: Api, user: User, tokens: Tokens) -> None:
    other = await log_in(api, user)
    stranger = await log_in(api, await api.make_user("other@shop.example"))
    assert (await api.post("/users/me/logout-all", headers=bearer(tokens))).status_code == 204
    for ended in (tokens, other):
        assert not await is_let_in(api, ended)
        assert error_of(await refresh(api, ended["refresh_token"])) == INVALID
    assert await is_let_in(api, stranger)
    assert await is_let_in(api, await log_in(api, user))


async def test_all_sessions_but_one_end(api: Api, user: User, tokens: Tokens) -> None:
    other = await log_in(api, user)
    await end_all_but(api, user, tokens)
    assert await is_let_in(api, tokens)
    assert await is_let_in(api, await renewed(api, tokens["refresh_token"]))
    assert not await is_let_in(api, other)


async def test_a_session_that_is_kept_can_be_refreshed_meanwhile(pool_api: Api) -> None:
    """The refresh waits for the change, and has read the account before it."""
    user = await pool_api.make_user()
    tokens = await log_in(pool_api, user)
    kept = pool_api.tokens.read_access(tokens["access_token"]).session_id
    async with pool_api.database.transaction() as conn:
        await sessions.end_all(conn, user.id, kept_id=kept)
        refreshing = asyncio.create_task(renewed(pool_api, tokens["refresh_token"]))
        while not await pool_api.database.read(fetch_value, WAITING):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    assert await is_let_in(pool_api, await refreshing)


async def test_refreshes_of_one_day_leave_what_is_indexed_as_it_was(pool_api: Api) -> None:
    tokens, kept_until = await log_in(pool_api, await pool_api.make_user()), set[str]()
    for _ in range(3):
        tokens = await renewed(pool_api, tokens["refresh_token"])
        kept_until.add(await pool_api.database.read(fetch_value, "SELECT expires_at::text FROM sessions"))
    assert len(kept_until) == 1


async def test_a_session_that_has_ended_is_not_kept(api: Api, user: User, tokens: Tokens) -> None:
    await api.services.sessions.end_all(user.id)
    await end_all_but(api, user, tokens)
    assert not await is_let_in(api, tokens)


async def end_all_but(api: Api, user: User, tokens: Tokens) -> None:
    """End all sessions of the user but that of the tokens, in the transaction of a service."""
    kept = api.tokens.read_access(tokens["access_token"]).session_id
    async with api.database.transaction() as conn:
        await sessions.end_all(conn, user.id, kept_id=kept)


async def test_a_user_who_is_restored_logs_in_again(api: Api, user: User, tokens: Tokens) -> None:
    await api.services.users.delete(user.id)
    assert not await is_let_in(api, tokens)
    await api.services.users.restore(user.id)
    assert not await is_let_in(api, tokens)
    assert error_of(await refresh(api, tokens["refresh_token"])) == INVALID
    assert await is_let_in(api, await log_in(api, user))


async def test_a_user_who_was_deleted_by_sql_logs_in_again(api: Api, user: User, tokens: Tokens) -> None:
    await api.database.write(execute, "UPDATE users SET deleted_at = now()")
    await api.services.users.restore(user.id)
    assert not await is_let_in(api, tokens)


async def test_a_new_password_by_the_command_line_ends_all_sessions(api: Api, user: User, tokens: Tokens) -> None:
    await api.services.passwords.set(user.id, NewPassword("another long phrase"))
    assert not await is_let_in(api, tokens)


async def test_a_purged_user_leaves_no_session(api: Api, tokens: Tokens) -> None:
    await api.database.write(execute, "DELETE FROM users")
    assert await api.database.read(fetch_value, "SELECT count(*) FROM sessions") == 0
    assert error_of(await refresh(api, tokens["refresh_token"])) == INVALID


async def test_a_log_in_that_was_overtaken_by_the_end_of_all_sessions_starts_none(api: Api, user: User) -> None:
    """As when the password is changed while the one before is still being verified."""
    account = (await api.database.read(find_login_account, user.email)).credentials
    assert account
    await api.services.sessions.end_all(user.id)
    with pytest.raises(CredentialsInvalid):
        await api.services.sessions.start(account)


async def test_an_order_is_placed_in_a_session_that_holds_only(api: Api, tokens: Tokens) -> None:
    admin = await api.admin_headers()
    product = await api.make_product(admin, (await api.make_category(admin))["id"])
    address = {"recipient": "Ada", "line1": "1 High Street", "city": "London", "country": "GB"}
    body = {"items": [{"product_id": product["id"], "quantity": 1}], "shipping_address": address}
    assert (await api.post("/orders", headers=bearer(tokens), json=body)).status_code == 201
    await api.post("/users/logout", headers=bearer(tokens))
    assert error_of(await api.post("/orders", headers=bearer(tokens), json=body)) == INVALID


async def test_sessions_are_kept_until_a_day_after_their_tokens_expired(api: Api, user: User) -> None:
    for days in (9, 7.5, 0):
        session_id = api.tokens.read_access((await log_in(api, user))["access_token"]).session_id
        await api.database.write(execute, EXPIRE, {"days": days, "id": session_id})
    assert await api.services.sessions.sweep() == 1
    assert await api.services.sessions.sweep() == 0
    assert await api.database.read(fetch_value, "SELECT count(*) FROM sessions") == 2
    assert await api.database.read(fetch_value, "SELECT count(*) FROM refresh_tokens") == 2
