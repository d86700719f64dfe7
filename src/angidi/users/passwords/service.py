"""Changes and resets of passwords."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

import structlog

from angidi.changes import Principal
from angidi.db import Connection, Database, retried
from angidi.errors import FieldError, Invalid, TransactionConflict
from angidi.security.passwords import Passwords
from angidi.security.tokens import TokenInvalid
from angidi.users import repository as users
from angidi.users.models import LoginAccount, User
from angidi.users.password_rules import check_password
from angidi.users.passwords import repository
from angidi.users.passwords.models import IssuedReset, NewPassword, PasswordChange, PasswordReset
from angidi.users.sessions import repository as sessions
from angidi.users.throttle.service import LoginThrottle

RESET_LIFETIME = timedelta(hours=1)
"""How long a token that resets a password can be used."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.users")


class PasswordService:
    """Replaces passwords. Whenever one is replaced, sessions end, and a reset that is not used yet is void."""

    def __init__(self, db: Database, passwords: Passwords, throttle: LoginThrottle) -> None:
        self._db = db
        self._passwords = passwords
        self._throttle = throttle

    @retried
    async def change(self, account: Principal, change: PasswordChange, client: str) -> None:
        """Replace the authenticated user's password and end all other sessions; `client` is the client address.

        Raises `Invalid`, also for a wrong current password, which counts as a failed log-in, `TooManyFailures`, and
        `TokenInvalid` for a deleted account.
        """
        owner = await self._db.read(repository.find_owner, account.id)
        if owner is None:
            raise TokenInvalid
        check_password(change.new_password, owner.email, owner.role, "new_password")
        login = LoginAccount(owner.address, owner.id, owner.password_hash)
        if await self._throttle.match(change.current_password, login, client) is None:
            raise Invalid(details=[FieldError("current_password", "is wrong")])
        new = await self._passwords.hash(change.new_password)
        async with self._db.transaction(row=owner.id) as conn:
            if not await repository.replace(conn, owner.id, old=owner.password_hash, new=new):
                raise TransactionConflict  # it was replaced meanwhile: what is current has to be verified again
            await _end_access(conn, owner.id, kept_id=account.session_id)
        log.info("password changed", user_id=str(owner.id), request_id=account.request_id)

    async def set(self, user_id: UUID, new: NewPassword) -> User:
        """Replace the password of an active user and end all sessions. Raises `UserNotFound`, `Invalid`."""
        user = await self._db.read(users.get_user, user_id)
        check_password(new.password, user.email, user.role)
        password_hash = await self._passwords.hash(new.password)
        async with self._db.transaction(row=user_id) as conn:
            changed = await users.set_password(conn, user_id, password_hash)
            await _end_access(conn, user_id)
            return changed

    async def issue_reset(self, user_id: UUID, issuer: Principal | None = None) -> IssuedReset:
        """Return a token that resets the password of an active user once; the one before is void.

        `issuer` is None on the command line. Raises `UserNotFound`.
        """
        token = secrets.token_urlsafe(32)
        expires_at = await self._db.write(repository.issue_reset, user_id, _hash(token), RESET_LIFETIME)
        if issuer:  # on the command line it would stand beside the token
            admin = {"admin_id": str(issuer.id), "request_id": issuer.request_id}
            log.info("password reset issued", user_id=str(user_id), **admin)
        return IssuedReset(token, expires_at)

    @retried
    async def reset(self, reset: PasswordReset) -> None:
        """Replace the password that a token resets, and end all sessions. Raises `TokenInvalid`, `Invalid`."""
        token_hash = _hash(reset.reset_token)
        owner = await self._db.read(repository.find_resetting, token_hash)
        if owner is None:
            raise TokenInvalid
        check_password(reset.new_password, owner.email, owner.role, "new_password")
        password_hash = await self._passwords.hash(reset.new_password)
        async with self._db.transaction(row=owner.id) as conn:
            if not await repository.replace(conn, owner.id, old=owner.password_hash, new=password_hash):
                raise TransactionConflict  # or deleted, or the reset was used: all is read again
            if not await repository.consume_reset(conn, token_hash):
                raise TokenInvalid  # a newer one was handed over meanwhile
            await sessions.end_all(conn, owner.id)
        log.info("password reset", user_id=str(owner.id))


async def _end_access(conn: Connection, user_id: UUID, *, kept_id: UUID | None = None) -> None:
    """End what the former password gave access to: sessions but `kept_id`, and a reset that is not used yet."""
    await sessions.end_all(conn, user_id, kept_id=kept_id)
    await repository.void_reset(conn, user_id)


def _hash(token: str) -> bytes:
    """Return the hash of a token. It is random, so a fast one will do."""
    return hashlib.sha256(token.encode()).digest()
