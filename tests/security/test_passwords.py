"""Hashing under load."""

import asyncio

import pytest

from angidi.errors import Unavailable
from angidi.security.passwords import Passwords

pytestmark = pytest.mark.anyio


async def test_who_would_wait_too_long_is_told_to_come_back() -> None:
    passwords = Passwords(threads=1, waiting=2)
    found = await asyncio.gather(*(passwords.hash("correct horse") for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in found] == [str, str, str, Unavailable, Unavailable]
    assert await passwords.hash("correct horse")


async def test_a_password_of_a_million_marks_is_verified_as_given() -> None:
    """To bring it to NFC would take hours, in which the process answers nobody."""
    password = "a" + "\u0301\u0316" * 500_000
    passwords = Passwords()
    assert await passwords.match(password, await passwords.hash(password))
