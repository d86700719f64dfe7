"""A stranger guesses at a password over two server processes: the guesses are stopped, the owner never is.

Each process counts what the other one does. The client addresses are those that a trusted proxy names.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import bcrypt
import pytest
from tests.faults.conftest import TwoServers, two_servers
from tests.support.api import Api
from tests.support.isolation import as_owner
from tests.support.shop import PASSWORD, make, rows
from tests.support.wire import Answer

OWNER = "ada@shop.example"
GUESSES, ADDRESSES = 1000, 50
BOUND, FROM_ONE = 100, 10
QUICK = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
"""A hash that takes a millisecond to verify."""

WITHOUT_ACCOUNT = """
CREATE OR REPLACE FUNCTION is_login_bound_reached(times timestamptz[], most integer, at timestamptz) RETURNS boolean
    LANGUAGE sql
AS $$
    SELECT most = 10 AND coalesce(times[cardinality(times) - most + 1] > at - interval '15 minutes', false)
$$
"""
"""The function without the bound of an account from anywhere."""


@pytest.fixture
async def shop(pool_api: Api, fresh_db: str, tmp_path: Path) -> AsyncIterator[TwoServers]:
    """A shop of two processes behind a proxy."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with two_servers(tmp_path, fresh_db, TRUSTED_PROXIES="127.0.0.0/8", PASSWORD_REHASH="false") as servers:
        await make(pool_api.database, rows("users", {"email": OWNER, "password_hash": QUICK}))
        yield TwoServers(pool_api, servers, fresh_db)


async def log_in(shop: TwoServers, password: str, client: str) -> Answer:
    body = {"email": OWNER, "password": password}
    return await shop.ask("POST", "/users/login", body, headers={"X-Forwarded-For": client})


async def guess(shop: TwoServers) -> Counter[int]:
    """Send all guesses, twenty at a time, and the owner's log-ins among them; return how often which was answered."""
    outcomes: Counter[int] = Counter()
    for start in range(0, GUESSES, 20):
        clients = [f"198.51.100.{number % ADDRESSES}" for number in range(start, start + 20)]
        answers = await asyncio.gather(*(log_in(shop, "a guess", client) for client in clients))
        outcomes.update(answer.status for answer in answers)
        assert (await log_in(shop, PASSWORD, "192.0.2.1")).status == 200
        assert (await log_in(shop, PASSWORD, f"203.0.113.{start // 20}")).status == 200
    return outcomes


async def test_a_thousand_guesses_are_stopped_and_the_owner_logs_in_from_wherever(shop: TwoServers) -> None:
    started = monotonic()
    outcomes = await guess(shop)
    minutes = int((monotonic() - started) // 60)  # in each of which every address has one attempt more
    assert set(outcomes) == {401, 429}
    assert BOUND <= outcomes[401] <= BOUND + minutes * ADDRESSES


async def test_without_the_bound_of_the_account_half_of_them_are_tried(shop: TwoServers) -> None:
    """The control of the test above."""
    await as_owner(shop.api.database, WITHOUT_ACCOUNT)
    assert (await guess(shop))[401] >= FROM_ONE * ADDRESSES


async def test_guesses_from_one_address_at_once_are_no_more_over_two_processes(shop: TwoServers) -> None:
    answers = await asyncio.gather(*(log_in(shop, "a guess", "198.51.100.1") for _ in range(60)))
    assert Counter(answer.status for answer in answers) == {401: FROM_ONE, 429: 60 - FROM_ONE}
    assert (await log_in(shop, PASSWORD, "198.51.100.2")).status == 200
