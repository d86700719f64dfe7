"""Verifies passwords, a bounded number of wrong ones for each account.

From one address 10 may be wrong within 15 minutes; then come blocks of 30 seconds, doubled up to 15 minutes, with one
attempt after each. Once 100 were wrong from anywhere, an address from which nobody has logged in to the account has one
attempt a minute. So a stranger can neither guess on nor lock the owner out. Accounts that do not exist count alike.
"""

import hmac
from datetime import timedelta

from angidi.db import Database
from angidi.errors import Unavailable
from angidi.security.passwords import Match, Passwords
from angidi.users.errors import TooManyFailures
from angidi.users.models import LoginAccount
from angidi.users.throttle import repository
from angidi.users.throttle.models import AttemptKeys

KNOWN_FOR = timedelta(days=90)
"""How long an address is known after a log-in; begin_login_attempt() has the same number."""

SWEEP_SIZE = 1000
"""Rows that one sweep deletes in a transaction."""

_PURPOSE = b"angidi log-in throttle"


class LoginThrottle:
    """Verifies passwords, and refuses log-ins after too many wrong ones.

    It stores HMACs of accounts and addresses, with a key derived from the token key. Addresses that are known by
    `previous_secret` stay known, so that keys can be rotated.
    """

    def __init__(self, db: Database, passwords: Passwords, secret: str, previous_secret: str | None = None) -> None:
        self._db = db
        self._passwords = passwords
        self._secrets = [hmac.digest(key.encode(), _PURPOSE, "sha256") for key in (secret, previous_secret) if key]

    async def match(self, password: str, account: LoginAccount, client: str) -> Match | None:
        """Return what `Passwords.match` does; None counts as a failure of the account from the `client` address.

        The attempt counts from before the password is verified, so attempts at once cannot exceed the bound. Raises
        `TooManyFailures`, also for the right password, and `Unavailable`, after which the attempt does not count.
        """
        keys = self._keys(account.address, client)
        begun = await self._db.write(repository.begin, keys, account.id)
        if begun.wait:
            raise TooManyFailures.until(begun.wait)
        try:
            matched = await self._passwords.match(password, account.password_hash)
        except Unavailable:
            await self._db.write(repository.release, keys, begun.began_at)
            raise
        if matched and account.id:
            await self._db.write(repository.accept, keys, begun.began_at, account.id)
        return matched

    async def sweep_attempts(self) -> int:
        """Delete a batch of expired counts; return how many."""
        return await self._db.write(repository.sweep_attempts, SWEEP_SIZE)

    async def sweep_addresses(self) -> int:
        """Delete a batch of addresses that are no longer known; return how many."""
        return await self._db.write(repository.sweep_addresses, KNOWN_FOR, SWEEP_SIZE)

    def _keys(self, account: str, client: str) -> AttemptKeys:
        known = [_hmac(secret, account, client) for secret in self._secrets]
        return AttemptKeys(account=_hmac(self._secrets[0], account), origin=known[0], known=known)


def _hmac(secret: bytes, *parts: str) -> bytes:
    return hmac.digest(secret, "\0".join(parts).encode(), "sha256")
