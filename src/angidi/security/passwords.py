"""Password hashing: argon2id in threads; bcrypt hashes of the former service still verify.

Parameters: 19 MiB, two passes, one lane (OWASP's Password Storage Cheat Sheet); about 20 ms of one core.
"""

import functools
from collections.abc import Callable
from typing import TypeVar

import bcrypt
from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from angidi.errors import Unavailable

T = TypeVar("T")

_BCRYPT = ("$2a$", "$2b$", "$2y$")
_BCRYPT_LIMIT = 72
"""Bytes that bcrypt uses. The former service ignored the rest, so this code must, too."""


_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and verifies passwords, at most `threads` at a time, so that many log-ins leave cores to other requests.

    At most `waiting` calls wait, about as many as finish before a request's deadline; more raise `Unavailable`.
    """

    def __init__(self, threads: int = 2, waiting: int = 200) -> None:
        self._threads = threads
        self._waiting = waiting
        self._admitted = 0
        self._limiter: CapacityLimiter | None = None
        self._nobody = _dummy_hash()

    async def hash(self, password: str) -> str:
        """Return a new argon2id hash. Raises `Unavailable`."""
        return await self._run(_HASHER.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether `password` matches the hash `stored`. None (no such user) takes as long and never matches.

        Raises `Unavailable`.
        """
        right = await self._run(self._verify, password, stored or self._nobody)
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash has another algorithm or weaker parameters than a new one."""
        return stored.startswith(_BCRYPT) or _HASHER.check_needs_rehash(stored)

    def _verify(self, password: str, stored: str) -> bool:
        try:
            if stored.startswith(_BCRYPT):
                return bcrypt.checkpw(password.encode()[:_BCRYPT_LIMIT], stored.encode())
            return _HASHER.verify(stored, password)
        except (Argon2Error, InvalidHashError, ValueError):
            return False

    async def _run(self, work: Callable[..., T], *texts: str) -> T:
        self._limiter = self._limiter or CapacityLimiter(self._threads)
        if self._admitted >= self._threads + self._waiting:
            raise Unavailable("Too many are logging in right now. Please try again.")
        self._admitted += 1
        try:
            return await to_thread.run_sync(work, *texts, limiter=self._limiter)
        finally:
            self._admitted -= 1


@functools.cache
def _dummy_hash() -> str:
    """Return a hash to verify if there is no user, with the current parameters. Computed once."""
    return _HASHER.hash("nobody's password")
