"""Who is asking: the bearer's token, then account and role as the database has them now.

Guards run before a body is read. `bearer` verifies the token alone, for the handlers whose own statement looks at
the account; `account` and `admin` ask the database, so a deleted account or a lost role counts at once.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from angidi.errors import Forbidden, Unauthenticated
from angidi.security.tokens import TokenInvalid, Tokens

ADMIN = "admin"

AnyConnection = ASGIConnection[Any, Any, Any, Any]


class TokenMissing(Unauthenticated):
    """No Authorization header."""

    code = "MISSING_TOKEN"
    message = "This needs a token: send “Authorization: Bearer …”."


class TokenMisplaced(Unauthenticated):
    """An Authorization header of another scheme or shape."""

    code = "INVALID_TOKEN_FORMAT"
    message = "The Authorization header must read “Bearer” and a token."


class Principal(Struct, frozen=True):
    """The one who asks."""

    id: UUID
    role: str


class Authenticator:
    """AdmissionQueue a request into a principal. `role_of` returns an active account's role, or None."""

    def __init__(self, tokens: Tokens, role_of: Callable[[UUID], Awaitable[str | None]]) -> None:
        self._tokens = tokens
        self._role_of = role_of

    def bearer(self, header: str | None) -> UUID:
        """Return the id in the token of an Authorization header; raises `Unauthenticated`."""
        if not header:
            raise TokenMissing
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or " " in token:
            raise TokenMisplaced
        return self._tokens.read_access(token)

    async def principal(self, header: str | None) -> Principal:
        """Return who asks, by the database; raises `Unauthenticated`."""
        user_id = self.bearer(header)
        role = await self._role_of(user_id)
        if role is None:
            raise TokenInvalid
        return Principal(user_id, role)

    async def admin(self, header: str | None) -> Principal:
        """Return who asks, if it is an admin; raises `Forbidden` and as `principal` does."""
        principal = await self.principal(header)
        if principal.role != ADMIN:
            raise Forbidden
        return principal


def _of(connection: AnyConnection) -> tuple[Authenticator, str | None]:
    return connection.app.state["authenticator"], connection.headers.get("authorization")


async def bearer(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Let in whoever has a valid token; `request.user` is the id in it."""
    authenticator, header = _of(connection)
    connection.scope["user"] = authenticator.bearer(header)


async def admin(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Let in active admins; `request.user` is the `Principal`."""
    authenticator, header = _of(connection)
    connection.scope["user"] = await authenticator.admin(header)


async def admin_for_deleted(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let in everybody, but only admins where the query asks for deleted rows."""
    if "deleted" in connection.query_params:
        await admin(connection, handler)
