"""Tokens of one session at two processes at once: a refresh has one successor, and an end is one everywhere."""

import asyncio
import secrets
from typing import Any

import psycopg
import pytest
from tests.faults.conftest import ROUNDS, TwoServers
from tests.support.shop import PASSWORD
from tests.support.wire import Answer

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

AT_ONCE = 20


async def log_in(shop: TwoServers, email: str) -> dict[str, Any]:
    return (await shop.ask("POST", "/users/login", {"email": email, "password": PASSWORD})).data


async def refresh(shop: TwoServers, token: str) -> Answer:
    return await shop.ask("POST", "/users/refresh-token", {"refresh_token": token})


async def statuses(shop: TwoServers, access_token: str) -> list[int]:
    """Return the status of a protected request at each process."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return [(await shop.ask("GET", "/users/me", headers=headers)).status for _ in shop.servers]


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_refreshes_at_once_have_one_successor_and_a_later_one_ends_the_session(
    shop: TwoServers, number: int
) -> None:
    user = await shop.api.make_user(f"user{number}@shop.example")
    first = await log_in(shop, user.email)
    answers = await asyncio.gather(*(refresh(shop, first["refresh_token"]) for _ in range(AT_ONCE)))
    assert {answer.status for answer in answers} == {200}
    (successor,) = {answer.data["refresh_token"] for answer in answers}
    assert shop.value("SELECT count(*) FROM refresh_tokens") == 2
    after = await refresh(shop, successor)
    assert after.status == 200
    assert await statuses(shop, after.data["access_token"]) == [200, 200]

    shop.value("UPDATE refresh_tokens SET rotated_at = rotated_at - interval '11 seconds' RETURNING 1")
    assert (await refresh(shop, first["refresh_token"])).status == 401
    for tokens in (first, after.data, *(answer.data for answer in answers)):
        assert await statuses(shop, tokens["access_token"]) == [401, 401]
        assert (await refresh(shop, tokens["refresh_token"])).status == 401


async def test_reading_before_writing_makes_two_families(shop: TwoServers) -> None:
    """The control of the test above: the rotation as it would be without the lock and the one statement."""
    user = await shop.api.make_user()
    await log_in(shop, user.email)
    meeting = asyncio.Barrier(2)

    async def rotate() -> None:
        async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as conn:
            cursor = await conn.execute("SELECT session_id, hash FROM refresh_tokens WHERE rotated_at IS NULL")
            session_id, read = await cursor.fetchone() or (None, None)
            await meeting.wait()
            await conn.execute(
                "UPDATE refresh_tokens"
                " SET rotated_at = now(), successor_issued_at = now(), successor_expires_at = now() WHERE hash = %s",
                [read],
            )
            successor = [session_id, secrets.token_bytes(32)]
            await conn.execute("INSERT INTO refresh_tokens (session_id, hash) VALUES (%s, %s)", successor)

    await asyncio.gather(rotate(), rotate())
    assert shop.value("SELECT count(*) FROM refresh_tokens WHERE rotated_at IS NULL") == 2


async def test_a_log_out_counts_at_once_at_both_processes(shop: TwoServers) -> None:
    user = await shop.api.make_user()
    tokens = await log_in(shop, user.email)
    assert await statuses(shop, tokens["access_token"]) == [200, 200]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await shop.ask("POST", "/users/logout", headers=headers)).status == 204
    assert await statuses(shop, tokens["access_token"]) == [401, 401]


async def test_a_log_out_that_races_with_refreshes_leaves_nothing(shop: TwoServers) -> None:
    user = await shop.api.make_user()
    for _ in range(10 * ROUNDS):
        tokens = await log_in(shop, user.email)
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        ended, *answers = await asyncio.gather(
            shop.ask("POST", "/users/me/logout-all", headers=headers),
            *(refresh(shop, tokens["refresh_token"]) for _ in range(4)),
        )
        assert ended.status == 204
        for answer in answers:
            assert answer.status in {200, 401}
            if answer.status == 200:
                assert await statuses(shop, answer.data["access_token"]) == [401, 401]
                assert (await refresh(shop, answer.data["refresh_token"])).status == 401
