"""Password hashing: argon2id in threads; bcrypt hashes of the former service still verify.

Parameters: 19 MiB, two passes, one lane (OWASP's Password Storage Cheat Sheet); about 20 ms of one core.
With `rehash=False` new hashes are bcrypt as well, which the former service can read.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import bcrypt
from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from angidi.errors import Unavailable
from angidi.validation.texts import composed

T = TypeVar("T")

_BCRYPT = ("$2a$", "$2b$", "$2y$")
_BCRYPT_LIMIT = 72
"""Bytes that bcrypt uses. The former service ignored the rest, so this code must, too."""

_BCRYPT_COST = 12
"""The former service's."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Match(NamedTuple):
    """What a stored hash is of, and what a hash that replaces it is made of."""

    hashed: bytes
    renewed: bytes


class Passwords:
    """Hashes and verifies passwords, at most `threads` at a time, so that many log-ins leave cores to other requests.

    At most `waiting` calls wait, about as many as finish before a request's deadline; more raise `Unavailable`.
    Without `rehash` no hash is outdated, and new ones are bcrypt.
    """

    def __init__(self, threads: int = 2, waiting: int = 200, *, rehash: bool = True) -> None:
        self._threads = threads
        self._waiting = waiting
        self._admitted = 0
        self._limiter: CapacityLimiter | None = None
        self._rehash = rehash
        self._hash: Callable[[bytes], str] = _HASHER.hash if rehash else _bcrypt_hash
        self._nobody = _dummy_hash(self._hash)

    async def hash(self, password: str | bytes) -> str:
        """Return a new hash, of a text in NFC. Raises `Unavailable`."""
        return await self._run(self._hash, _composed(password) if isinstance(password, str) else password)

    async def match(self, password: str, stored: str | None) -> Match | None:
        """Return those bytes of `password` that `stored` is a hash of, or None where it is of another password.

        They are those of NFC, or else as given: a keyboard writes ü in one way, and older hashes were made of any. None
        for `stored` (no such user) takes as long and never matches. Raises `Unavailable`.
        """
        matched = await self._run(self._match, password, stored or self._nobody)
        return matched if stored is not None else None

    def is_outdated(self, stored: str, match: Match) -> bool:
        """Tell whether a new hash would be another one, and is to replace `stored`.

        It would be of NFC, by another algorithm, or with stronger parameters.
        """
        weak = match.hashed != match.renewed or stored.startswith(_BCRYPT) or _HASHER.check_needs_rehash(stored)
        return self._rehash and weak

    def _match(self, password: str, stored: str) -> Match | None:
        return next((each for each in _readings(password, stored) if _verify(each.hashed, stored)), None)

    async def _run(self, work: Callable[..., T], *texts: str | bytes) -> T:
        self._limiter = self._limiter or CapacityLimiter(self._threads)
        if self._admitted >= self._threads + self._waiting:
            raise Unavailable("Too many are logging in right now. Please try again.")
        self._admitted += 1
        try:
            return await to_thread.run_sync(work, *texts, limiter=self._limiter)
        finally:
            self._admitted -= 1


def _composed(password: str) -> bytes:
    return composed(password).encode()


def _readings(password: str, stored: str) -> list[Match]:
    """Return what may have been hashed: the password, and its first 72 bytes, both in NFC, then as given.

    bcrypt compared 72 bytes, so what follows them may never have been what the owner registered: a longer text, another
    tail and none at all have always logged in. The hash that replaces a bcrypt hash is therefore one of these 72 bytes,
    and every longer password with that beginning goes on to match it. Nothing is given away: who knows 72 bytes of such
    a password knows all that was ever compared. A password that was never bcrypt's matches as a whole.
    """
    readings: list[Match] = []
    for given in dict.fromkeys([_composed(password), password.encode()]):
        cut = given[:_BCRYPT_LIMIT]
        if given == cut or not stored.startswith(_BCRYPT):
            readings.append(Match(given, _composed(password)))
        if given != cut:
            readings.append(Match(cut, cut))
    return readings


def _verify(password: bytes, stored: str) -> bool:
    try:
        if stored.startswith(_BCRYPT):
            return bcrypt.checkpw(password, stored.encode())
        return _HASHER.verify(stored, password)
    except (Argon2Error, InvalidHashError, ValueError):
        return False


def _bcrypt_hash(password: bytes) -> str:
    """Return a hash as the former service made them, of the first 72 bytes."""
    return bcrypt.hashpw(password[:_BCRYPT_LIMIT], bcrypt.gensalt(_BCRYPT_COST, b"2a")).decode()


@functools.cache
def _dummy_hash(hashed: Callable[[bytes], str]) -> str:
    """Return a hash to verify if there is no user, with the current parameters. Computed once for each algorithm."""
    return hashed(b"nobody's password")
