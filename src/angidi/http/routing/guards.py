"""Authentication and authorization: the bearer token, then the current account and role in the database.

Guards run before a body is read. `Bearer` and `Holder` verify the token only, for handlers whose own statement reads
the account and the session; where a body is refused before that, the account is read first. `Owner`, `Account` and
`Admin` read the database. So a deleted account, a session that has ended or a lost role counts at once, whatever the
body is.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from angidi.changes import Principal
from angidi.errors import Forbidden, Unauthenticated
from angidi.http.core.request import Request
from angidi.security.sessions import AccessClaims
from angidi.security.tokens import TokenInvalid, Tokens


class TokenMissing(Unauthenticated):
    """No Authorization header."""

    code = "MISSING_TOKEN"
    message = "This needs a token: send “Authorization: Bearer …”."


class TokenMisplaced(Unauthenticated):
    """An Authorization header of another scheme or shape."""

    code = "INVALID_TOKEN_FORMAT"
    message = "The Authorization header must read “Bearer” and a token."


class Authenticator:
    """Turns a request into a principal.

    Both take what an access token says. `role_of` returns the role of an active account whose session has not ended, or
    None; `confirm` raises for others.
    """

    def __init__(
        self,
        tokens: Tokens,
        role_of: Callable[[AccessClaims], Awaitable[str | None]],
        confirm: Callable[[AccessClaims], Awaitable[object]],
    ) -> None:
        self._tokens = tokens
        self._role_of = role_of
        self._confirm = confirm

    def bearer(self, header: str) -> AccessClaims:
        """Return what the token of an Authorization header says. Raises `Unauthenticated`."""
        if not header:
            raise TokenMissing
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or " " in token:
            raise TokenMisplaced
        return self._tokens.read_access(token)

    async def owner(self, header: str) -> UUID:
        """Return the id of an active account. Raises `Unauthenticated`, and what `confirm` raises."""
        claims = self.bearer(header)
        await self._confirm(claims)
        return claims.user_id

    async def principal(self, header: str, request_id: str = "") -> Principal:
        """Return the account with its current role. Raises `Unauthenticated`."""
        claims = self.bearer(header)
        role = await self._role_of(claims)
        if role is None:
            raise TokenInvalid
        return _principal(claims, role, request_id)

    async def admin(self, header: str, request_id: str = "") -> Principal:
        """Return the account if it is an admin. Raises `Forbidden`, and as `principal` does."""
        principal = await self.principal(header, request_id)
        if not principal.is_admin:
            raise Forbidden
        return principal


def _principal(claims: AccessClaims, role: str, request_id: str) -> Principal:
    return Principal(claims.user_id, role, request_id, claims.session_id, claims.issued_at)


class Guard(NamedTuple):
    """Who may call: `check` returns the handler's argument, or raises `Unauthenticated` or `Forbidden`."""

    check: Callable[[Authenticator, Request], Awaitable[Any]]
    forbids: bool = True
    """Whether it refuses some authenticated accounts with `Forbidden`."""

    is_required: bool = True
    """Whether every request needs a token."""

    confirm: Callable[[Authenticator, Request], Awaitable[Any]] | None = None
    """Reads the account of a request that is refused before the handler's own statement could."""


async def _check_bearer(authenticator: Authenticator, request: Request) -> AccessClaims:
    return authenticator.bearer(request.first(b"authorization"))


async def _check_holder(authenticator: Authenticator, request: Request) -> Principal:
    return _principal(authenticator.bearer(request.first(b"authorization")), "", request.id)


async def _check_owner(authenticator: Authenticator, request: Request) -> UUID:
    return await authenticator.owner(request.first(b"authorization"))


async def _check_account(authenticator: Authenticator, request: Request) -> Principal:
    return await authenticator.principal(request.first(b"authorization"), request.id)


async def _check_admin(authenticator: Authenticator, request: Request) -> Principal:
    return await authenticator.admin(request.first(b"authorization"), request.id)


async def _check_admin_for_deleted(authenticator: Authenticator, request: Request) -> Principal | None:
    if "deleted" in request.parameters:
        return await _check_admin(authenticator, request)
    return None


Bearer = Annotated[AccessClaims, Guard(_check_bearer, forbids=False, confirm=_check_owner)]
"""What the token says; the handler's own statement refuses an account or a session that is not active."""

Owner = Annotated[UUID, Guard(_check_owner, forbids=False)]
"""The id of the authenticated account, which is active."""

Holder = Annotated[Principal, Guard(_check_holder, forbids=False, confirm=_check_account)]
"""The authenticated account, whose role is unknown; the handler's own statement refuses it as that of `Bearer` does."""

Account = Annotated[Principal, Guard(_check_account, forbids=False)]
"""An active account."""

Admin = Annotated[Principal, Guard(_check_admin)]
"""An active admin."""

AdminForDeleted = Annotated[Principal | None, Guard(_check_admin_for_deleted, is_required=False)]
"""Anybody, but only an admin if the query asks for deleted rows."""
