"""Passwords: argon2id, off the event loop; bcrypt hashes of the former service still verify.

Parameters: 19 MiB, two passes, one lane (OWASP's Password Storage Cheat Sheet); about 20 ms of one core.
"""

import functools

import bcrypt
from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_BCRYPT = ("$2a$", "$2b$", "$2y$")
_BCRYPT_LIMIT = 72
"""Bytes of a password that bcrypt looks at. The former service ignored the rest, so this must too."""


_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and verifies. At most `threads` at once, so that a rush of log-ins leaves the cores to others."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads
        self._limiter: CapacityLimiter | None = None
        self._nobody = _nobodys_hash()

    async def hash(self, password: str) -> str:
        """Return a fresh argon2id hash."""
        return await to_thread.run_sync(_HASHER.hash, password, limiter=self._limit())

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether `password` belongs to `stored`. None (nobody) takes as long and is never right."""
        right = await to_thread.run_sync(self._verify, password, stored or self._nobody, limiter=self._limit())
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

    def _limit(self) -> CapacityLimiter:
        self._limiter = self._limiter or CapacityLimiter(self._threads)
        return self._limiter


@functools.cache
def _nobodys_hash() -> str:
    """Return a hash to verify against where there is no user; made once, by the parameters in force."""
    return _HASHER.hash("nobody's password")
