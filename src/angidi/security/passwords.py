"""Passwords: argon2id, off the event loop; bcrypt hashes of the former service still verify.

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
"""Bytes of a password that bcrypt looks at. The former service ignored the rest, so this must too."""


_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and verifies. At most `threads` at once, so that a rush of log-ins leaves the cores to others.

    At most `waiting` wait, about as many as are served before a request's deadline; all beyond get `Unavailable`.
    """

    def __init__(self, threads: int = 2, waiting: int = 200) -> None:
        self._threads = threads
        self._waiting = waiting
        self._admitted = 0
        self._limiter: CapacityLimiter | None = None
        self._nobody = _dummy_hash()

    async def hash(self, password: str) -> str:
        """Return a fresh argon2id hash. Raises `Unavailable`."""
        return await self._run(_HASHER.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether `password` belongs to `stored`. None (nobody) takes as long and is never right.

        Raises `Unavailable`.
        """
        right = await self._run(self._verify, password, stored or self._nobody)
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell a hash of another kind, or of weaker parameters, than would be made now."""
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
    """Return a hash to verify against where there is no user; made once, by the parameters in force."""
    return _HASHER.hash("nobody's password")
