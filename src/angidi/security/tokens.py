"""Access and refresh tokens: JWT (RFC 7519), HS256 only, every claim that we set is required and checked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from angidi.errors import Unauthenticated

ISSUER = "angidi-api"
_ALGORITHM = "HS256"
_jwt: Any = jwt.PyJWT()  # its annotations name types of an optional dependency
_REGISTERED = ("iss", "iat", "nbf", "exp")


class TokenExpired(Unauthenticated):
    """The token was good and its time is over."""

    code = "EXPIRED_TOKEN"
    message = "The token has expired. Please refresh it or log in again."


class TokenInvalid(Unauthenticated):
    """The token was not made by us, was changed, is of the other kind, or belongs to nobody any more."""

    code = "INVALID_TOKEN"
    message = "The token is not valid. Please log in again."


class Tokens:
    """Makes and verifies tokens. `previous_secret` is still accepted, so that keys can be changed."""

    def __init__(
        self, secret: str, *, access: timedelta, refresh: timedelta, previous_secret: str | None = None
    ) -> None:
        self._secret = secret
        self._accepted = [key for key in (secret, previous_secret) if key]
        self._refresh = refresh
        self.access = access

    def make_access(self, user_id: UUID, email: str, role: str) -> str:
        """Return an access token; it says who the bearer is, not what the account is allowed by now."""
        return self._make({"user_id": str(user_id), "email": email, "role": role}, self.access)

    def make_refresh(self, user_id: UUID) -> str:
        """Return a refresh token."""
        return self._make({"sub": str(user_id)}, self._refresh)

    def read_access(self, token: str) -> UUID:
        """Return the user's id in an access token; raises `TokenExpired` or `TokenInvalid`."""
        return self._read(token, "user_id", ("user_id", "email", "role"))

    def read_refresh(self, token: str) -> UUID:
        """Return the user's id in a refresh token; raises `TokenInvalid`, for one whose time is over too."""
        try:
            return self._read(token, "sub", ("sub",))
        except TokenExpired:
            raise TokenInvalid from None

    def _make(self, claims: dict[str, Any], lifetime: timedelta) -> str:
        now = datetime.now(UTC)
        registered = {"iss": ISSUER, "iat": now, "nbf": now, "exp": now + lifetime}
        return _jwt.encode(claims | registered, self._secret, algorithm=_ALGORITHM)

    def _read(self, token: str, subject: str, own: tuple[str, ...]) -> UUID:
        claims = self._verified(token)
        try:
            if set(claims) != {*own, *_REGISTERED}:
                raise TokenInvalid
            return UUID(claims[subject])
        except (ValueError, AttributeError, TypeError):
            raise TokenInvalid from None

    def _verified(self, token: str) -> dict[str, Any]:
        for key in self._accepted:
            try:
                return _jwt.decode(
                    token, key, algorithms=[_ALGORITHM], issuer=ISSUER, options={"require": list(_REGISTERED)}
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise TokenExpired from None
            except (jwt.InvalidTokenError, ValueError, RecursionError):
                raise TokenInvalid from None
        raise TokenInvalid
