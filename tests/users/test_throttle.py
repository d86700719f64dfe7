"""Failed log-ins: a bounded number for each account, which no stranger can use up for its owner."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import bcrypt
import httpx
import pytest
from structlog.testing import capture_logs
from tests.support.api import Api, api_over, error_of
from tests.support.isolation import as_owner
from tests.support.shop import PASSWORD, make, rows

from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import execute, fetch_value
from angidi.errors import Unavailable
from angidi.security.passwords import Passwords
from angidi.users.models import LoginAccount
from angidi.users.throttle.service import SWEEP_SIZE, LoginThrottle

EMAIL = "ada@shop.example"
WRONG = "a wrong password"
HOME = "192.0.2.1"
QUICK = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
"""A hash that takes a millisecond to verify, as long as nobody has logged in."""
FAILED, REFUSED = (401, "INVALID_CREDENTIALS"), (429, "RATE_LIMIT_EXCEEDED")

PASS_TIME = """
UPDATE login_attempts
   SET times = ARRAY(SELECT each - %(time)s::interval FROM unnest(times) WITH ORDINALITY AS t (each, n) ORDER BY n),
       blocked_until = blocked_until - %(time)s::interval, expires_at = expires_at - %(time)s::interval
"""
AGE_ADDRESSES = "UPDATE known_addresses SET last_login_at = last_login_at - %(time)s::interval"
MAKE_OLD = """
INSERT INTO login_attempts (key, times, expires_at)
SELECT int4send(n), ARRAY[now() - interval '16 minutes'], now() - interval '1 minute'
  FROM generate_series(1, %(count)s) AS n
"""
KEPT = """
SELECT string_agg(kept::text, ' ')
  FROM (SELECT login_attempts::text FROM login_attempts UNION ALL SELECT known_addresses::text FROM known_addresses)
    AS rows (kept)
"""
DISK_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END
$$
"""
DISK_FULL_TRIGGER = (
    "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON login_attempts FOR EACH ROW EXECUTE FUNCTION full_disk()"
)
SYNCHRONOUS = "SELECT current_setting('synchronous_commit')"
SLOW = """
CREATE OR REPLACE FUNCTION is_login_bound_reached(times timestamptz[], most integer, at timestamptz) RETURNS boolean
    LANGUAGE sql
AS $$
    SELECT coalesce(times[cardinality(times) - most + 1] > at - interval '15 minutes', false) FROM pg_sleep(0.01)
$$
"""
"""The function as it is, but long enough for others to read what is about to be changed."""
WITHOUT_LOCK = """
CREATE OR REPLACE FUNCTION lock_login_attempts(account_key bytea) RETURNS void LANGUAGE sql AS $$ SELECT $$
"""


@pytest.fixture
async def shop(settings: Settings, db: Database) -> AsyncIterator[Api]:
    """The API behind a proxy, so that requests can come from any address, and an account in it."""
    async with api_over(behind_proxy(settings), db) as api:
        await make(api.database, rows("users", {"email": EMAIL, "password_hash": QUICK}))
        yield api


@pytest.fixture
async def busy_shop(settings: Settings, pool_db: Database) -> AsyncIterator[Api]:
    """The same on a pool of connections."""
    async with api_over(behind_proxy(settings), pool_db) as api:
        await make(api.database, rows("users", {"email": EMAIL, "password_hash": QUICK}))
        yield api


def behind_proxy(settings: Settings) -> Settings:
    return settings.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})


async def log_in(api: Api, password: str = WRONG, client: str = HOME, email: str = EMAIL) -> httpx.Response:
    body = {"email": email, "password": password}
    return await api.post("/users/login", json=body, headers={"X-Forwarded-For": client})


async def fail(api: Api, times: int, client: str = HOME, email: str = EMAIL) -> None:
    for _ in range(times):
        assert error_of(await log_in(api, client=client, email=email)) == FAILED


async def attack(api: Api) -> None:
    """Guess as often as strangers can until the account is under attack."""
    for number in range(10):
        await fail(api, 10, f"198.51.100.{number}")


async def pass_time(api: Api, **time: float) -> None:
    await api.database.write(execute, PASS_TIME, {"time": timedelta(**time)})


def wait_of(answer: httpx.Response) -> int:
    """Return the seconds that a refused log-in has to wait."""
    assert error_of(answer) == REFUSED
    return int(answer.headers["Retry-After"])


async def test_the_eleventh_of_ten_failures_is_refused_even_with_the_right_password(shop: Api) -> None:
    await fail(shop, 10)
    assert wait_of(await log_in(shop)) == 30
    assert wait_of(await log_in(shop, PASSWORD)) <= 30


async def test_an_account_that_does_not_exist_counts_alike(shop: Api) -> None:
    answers: list[object] = []
    for email in (EMAIL, "nobody@shop.example"):
        tried = [await log_in(shop, email=email) for _ in range(11)]
        await pass_time(shop, seconds=31)
        tried += [await log_in(shop, email=email) for _ in range(2)]
        answers.append([(*error_of(each), each.headers.get("Retry-After")) for each in tried])
    assert answers[0] == answers[1]


async def test_an_account_that_does_not_exist_costs_the_same(shop: Api) -> None:
    with capture_logs() as lines:
        for email in (EMAIL, "nobody@shop.example"):
            await fail(shop, 10, email=email)
            assert wait_of(await log_in(shop, email=email)) == 30
    statements = [line["statements"] for line in lines if "statements" in line]
    assert statements == [2] * 22


async def test_a_block_is_for_the_account_in_whatever_case_it_is_written(shop: Api) -> None:
    await fail(shop, 5)
    await fail(shop, 5, email=" ADA@Shop.Example")
    assert wait_of(await log_in(shop, email="Ada@shop.example")) == 30


async def test_ten_failures_in_more_than_15_minutes_are_no_more_than_nine(shop: Api) -> None:
    await fail(shop, 5)
    await pass_time(shop, minutes=8)
    await fail(shop, 5)
    await pass_time(shop, minutes=8)
    await fail(shop, 5)
    assert wait_of(await log_in(shop)) == 30


async def test_the_eleventh_is_refused_however_late_in_the_15_minutes_it_comes(shop: Api) -> None:
    await fail(shop, 10)
    await pass_time(shop, minutes=14)
    assert wait_of(await log_in(shop, PASSWORD)) == 30


async def test_after_a_block_one_attempt_is_tried_and_each_failure_doubles_it_up_to_15_minutes(shop: Api) -> None:
    await fail(shop, 10)
    waits = [wait_of(await log_in(shop))]
    for _ in range(6):
        await pass_time(shop, seconds=waits[-1])
        await fail(shop, 1)
        waits.append(wait_of(await log_in(shop, PASSWORD)))
    assert waits == [30, 60, 120, 240, 480, 900, 900]


async def test_the_attempt_after_a_block_logs_in_and_ends_it(shop: Api) -> None:
    await fail(shop, 10)
    await pass_time(shop, seconds=wait_of(await log_in(shop)))
    assert (await log_in(shop, PASSWORD)).status_code == 200
    await fail(shop, 10)
    assert wait_of(await log_in(shop)) == 30


async def test_a_block_is_over_after_15_quiet_minutes(shop: Api) -> None:
    await fail(shop, 10)
    await pass_time(shop, seconds=wait_of(await log_in(shop)), minutes=15)
    await fail(shop, 10)
    assert wait_of(await log_in(shop)) == 30


async def test_a_clock_that_is_set_back_keeps_nobody_out_until_it_is_there_again(shop: Api) -> None:
    for number in range(9):
        await fail(shop, 10, f"198.51.100.{number}")
    await fail(shop, 10)
    assert wait_of(await log_in(shop)) == 60
    await pass_time(shop, hours=-1)
    assert (await log_in(shop, PASSWORD)).status_code == 200


async def test_other_addresses_and_other_accounts_are_not_concerned(shop: Api) -> None:
    await shop.make_user("grace@shop.example")
    await fail(shop, 10)
    await log_in(shop)
    assert (await log_in(shop, PASSWORD, "192.0.2.2")).status_code == 200
    assert (await log_in(shop, PASSWORD, email="grace@shop.example")).status_code == 200


async def test_the_addresses_of_one_ipv6_network_are_one(shop: Api) -> None:
    for number in range(10):
        await fail(shop, 1, f"2001:db8:1:2::{number}")
    assert wait_of(await log_in(shop, PASSWORD, "2001:db8:1:2:ffff::1")) == 30
    assert (await log_in(shop, PASSWORD, "2001:db8:1:3::1")).status_code == 200


async def test_a_log_in_makes_earlier_failures_count_no_more(shop: Api) -> None:
    for _ in range(3):
        await fail(shop, 9)
        assert (await log_in(shop, PASSWORD)).status_code == 200


async def test_log_ins_without_a_failure_are_not_bounded(shop: Api) -> None:
    assert {(await log_in(shop, PASSWORD)).status_code for _ in range(12)} == {200}


async def test_under_attack_a_new_address_has_one_attempt_a_minute(shop: Api) -> None:
    await attack(shop)
    await fail(shop, 1)
    assert wait_of(await log_in(shop, PASSWORD)) == 60
    await pass_time(shop, seconds=59)
    assert wait_of(await log_in(shop, PASSWORD)) == 1
    await pass_time(shop, seconds=1)
    assert (await log_in(shop, PASSWORD)).status_code == 200


async def test_under_attack_the_owner_logs_in_at_once_from_wherever(shop: Api) -> None:
    await attack(shop)
    assert (await log_in(shop, PASSWORD)).status_code == 200


async def test_a_known_address_is_not_concerned_by_an_attack_from_elsewhere(shop: Api) -> None:
    assert (await log_in(shop, PASSWORD)).status_code == 200
    await attack(shop)
    await fail(shop, 9)
    assert (await log_in(shop, PASSWORD)).status_code == 200


async def test_a_log_in_during_an_attack_gives_no_guess_back(shop: Api) -> None:
    await attack(shop)
    for _ in range(5):
        assert (await log_in(shop, PASSWORD)).status_code == 200
    await fail(shop, 1, "203.0.113.1")
    assert wait_of(await log_in(shop, client="203.0.113.1")) == 60


@pytest.mark.parametrize(("days", "statuses"), [(89, [401, 401]), (91, [401, 429])])
async def test_an_address_is_known_for_90_days(shop: Api, days: int, statuses: list[int]) -> None:
    await log_in(shop, PASSWORD)
    await shop.database.write(execute, AGE_ADDRESSES, {"time": timedelta(days=days)})
    await attack(shop)
    assert [(await log_in(shop)).status_code for _ in range(2)] == statuses
    assert await shop.services.throttle.sweep_addresses() == (days > 90)


async def test_a_later_log_in_keeps_an_address_known(shop: Api) -> None:
    await log_in(shop, PASSWORD)
    await shop.database.write(execute, AGE_ADDRESSES, {"time": timedelta(days=89)})
    await log_in(shop, PASSWORD)
    assert await shop.database.read(fetch_value, "SELECT now() - last_login_at FROM known_addresses") < timedelta(
        days=1
    )


async def test_an_address_stays_known_when_the_key_is_changed(shop: Api) -> None:
    old, new, person = "o" * 64, "n" * 64, await person_of(shop)
    assert await LoginThrottle(shop.database, Passwords(), old).match(PASSWORD, person, HOME)
    rotated = LoginThrottle(shop.database, Passwords(), new, old)
    for number in range(100):
        assert await rotated.match(WRONG, person, f"203.0.113.{number}") is None
    assert [await rotated.match(WRONG, person, HOME) for _ in range(2)] == [None, None]


async def test_an_attempt_whose_password_was_not_verified_does_not_count(shop: Api) -> None:
    overloaded = LoginThrottle(shop.database, Passwords(threads=1, waiting=-1), "s" * 64)
    person = await person_of(shop)
    for _ in range(11):
        with pytest.raises(Unavailable):
            await overloaded.match(PASSWORD, person, HOME)
    assert await shop.database.read(fetch_value, "SELECT sum(cardinality(times)) FROM login_attempts") == 0


async def test_made_up_accounts_leave_nothing_behind(shop: Api) -> None:
    await shop.database.write(execute, MAKE_OLD, {"count": SWEEP_SIZE + 1})
    await fail(shop, 1)
    assert [await shop.services.throttle.sweep_attempts() for _ in range(3)] == [SWEEP_SIZE, 1, 0]
    assert await shop.database.read(fetch_value, "SELECT count(*) FROM login_attempts") == 2


async def test_neither_addresses_nor_accounts_can_be_read_in_the_database(shop: Api) -> None:
    await log_in(shop, PASSWORD)
    await fail(shop, 1)
    text = await shop.database.read(fetch_value, KEPT)
    assert text.count("x") == 3
    assert not any(each.encode().hex() in text or each in text for each in (EMAIL, HOME))


async def at_once(api: Api, count: int) -> Counter[int]:
    """Guess that many times at once; return how often which status was answered."""
    return Counter(each.status_code for each in await asyncio.gather(*(log_in(api) for _ in range(count))))


async def test_attempts_at_once_cannot_be_more_than_the_bound(busy_shop: Api) -> None:
    await as_owner(busy_shop.database, SLOW)
    assert await at_once(busy_shop, 20) == {401: 10, 429: 10}


async def test_without_the_lock_attempts_at_once_are_more(busy_shop: Api) -> None:
    """The control of the test above."""
    await as_owner(busy_shop.database, SLOW)
    await as_owner(busy_shop.database, WITHOUT_LOCK)
    assert (await at_once(busy_shop, 20))[401] > 10


async def test_an_attempt_does_not_wait_for_the_disk_and_leaves_the_session_as_it_was(busy_shop: Api) -> None:
    async with busy_shop.database.connection() as conn:
        await execute(conn, "SET synchronous_commit = on")
        async with conn.transaction():
            await execute(conn, "SELECT begin_login_attempt('a', 'b', NULL, '{}')")
            assert await fetch_value(conn, SYNCHRONOUS) == "off"
        await execute(conn, "SELECT begin_login_attempt('a', 'b', NULL, '{}')")
        assert await fetch_value(conn, SYNCHRONOUS) == "on"


async def test_a_log_in_that_cannot_be_counted_is_not_tried(shop: Api) -> None:
    await as_owner(shop.database, DISK_FULL)
    await as_owner(shop.database, DISK_FULL_TRIGGER)
    for password in (PASSWORD, WRONG):
        answer = await log_in(shop, password)
        assert (error_of(answer), answer.headers["Retry-After"]) == ((503, "DATABASE_UNAVAILABLE"), "30")


async def person_of(api: Api) -> LoginAccount:
    user = await api.services.users.get_by_text(EMAIL)
    stored = await api.database.read(fetch_value, "SELECT password_hash FROM users")
    return LoginAccount(user.email, user.id, stored)
