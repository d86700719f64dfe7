"""Business actions on sessions."""

from functools import partial
from uuid import UUID

from angidi.changes import Principal
from angidi.db import Database, retried
from angidi.db.batching import SingleFlight
from angidi.security.sessions import AccessClaims, RefreshClaims
from angidi.security.tokens import TokenInvalid, Tokens
from angidi.users.errors import CredentialsInvalid
from angidi.users.models import Credentials, TokenPair, User
from angidi.users.sessions import repository
from angidi.users.sessions.models import Lifetimes, RefreshTimes

SWEEP_SIZE = 1000
"""Sessions that one sweep deletes in a transaction."""


class SessionService:
    """Sessions: each log-in starts one, refresh tokens carry it on, and log-outs end it on every worker at once.

    With `reuse` a refresh token can be used again and again, as in the former service.
    """

    def __init__(self, db: Database, tokens: Tokens, *, reuse: bool = False) -> None:
        self._db = db
        self._tokens = tokens
        self._reuse = reuse
        self._lifetimes = Lifetimes(tokens.refresh, max(tokens.access, tokens.refresh))
        self._roles: SingleFlight[AccessClaims, str | None] = SingleFlight(
            partial(db.read, repository.find_role), is_up=db.is_up
        )

    async def role_of(self, claims: AccessClaims) -> str | None:
        """Return the current role of an active user whose session has not ended, or None.

        Concurrent reads for one token share a statement.
        """
        return await self._roles.load(claims)

    async def user_of(self, claims: AccessClaims) -> User:
        """Return the authenticated user.

        Raises `UserNotFound`, or `TokenInvalid` if the account is deleted or the session has ended.
        """
        user = await self._db.read(repository.get_bearer, claims)
        if user.deleted_at:
            raise TokenInvalid
        return user

    async def start(self, account: Credentials) -> TokenPair:
        """Start a session of an account whose password was verified.

        Raises `CredentialsInvalid` if the account has been deleted, or all its sessions have ended, since it was read.
        """
        first = RefreshClaims.begin(account.id)
        started = await self._db.write(repository.insert, account, first, self._lifetimes)
        if started is None:
            raise CredentialsInvalid
        return self._pair(first, *started)

    @retried
    async def refresh(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for new tokens; within ten seconds it gets the same successor again.

        Raises `TokenInvalid`, also for a token that comes later: then its session ends.
        """
        token = self._tokens.read_refresh(refresh_token)
        if token.is_former:
            await self._db.write(repository.insert_former, token)
        # Again, because a statement that waited for a new password, which keeps the session, sees the former account.
        renewed = await self._rotate(token) or await self._rotate(token)
        if renewed is None:
            raise TokenInvalid
        return self._pair(token.successor(), *renewed)

    async def end(self, account: Principal, refresh_token: str | None = None) -> None:
        """End the session of the refresh token, else the one of the request, if it has one.

        Raises `TokenInvalid` if the refresh token is none of the account's.
        """
        if not refresh_token:
            if account.session_id:
                await self._db.write(repository.end, account.id, account.session_id)
            return
        token = self._tokens.read_refresh(refresh_token)
        if token.user_id != account.id:
            raise TokenInvalid
        if token.is_former:
            await self._db.write(repository.end_former, token)
        else:
            await self._db.write(repository.end, account.id, token.session_id)

    async def end_all(self, user_id: UUID) -> None:
        """End all sessions of a user."""
        await self._db.write(repository.end_all, user_id)

    async def sweep(self) -> int:
        """Delete a batch of the sessions whose tokens have expired; return how many, 0 if none is left."""
        return await self._db.write(repository.sweep, SWEEP_SIZE)

    async def _rotate(self, token: RefreshClaims) -> tuple[User, RefreshTimes] | None:
        return await self._db.write(repository.rotate, token, self._lifetimes, reuse=self._reuse)

    def _pair(self, refresh: RefreshClaims, user: User, times: RefreshTimes) -> TokenPair:
        dated = refresh._replace(issued_at=times.issued_at, expires_at=times.expires_at)
        return TokenPair(
            access_token=self._tokens.make_access(user.id, user.email, user.role, refresh.session_id),
            refresh_token=self._tokens.make_refresh(dated),
            expires_in=int(self._tokens.access.total_seconds()),
            user=user,
        )
