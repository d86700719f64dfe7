"""Access and refresh tokens: JWT (RFC 7519), HS256 only; every claim that is set is required and verified."""

from datetime import UTC, datetime, timedelta
from time import time
from typing import Any
from uuid import UUID

import jwt

from angidi.errors import Unauthenticated

ISSUER = "angidi-api"
_ALGORITHM = "HS256"
_jwt: Any = jwt.PyJWT()  # its annotations use types of an optional dependency
_REGISTERED = ("iss", "iat", "nbf", "exp")
_DIGEST = 32
"""Bytes of a SHA-256 digest, the least that PyJWT takes as a key without a warning."""

MAX_VERIFIED = 1024
"""Verified access tokens that are kept: half a megabyte."""

_UNKNOWN = (UUID(int=0), 0.0)


class TokenExpired(Unauthenticated):
    """The token is valid but has expired."""

    code = "EXPIRED_TOKEN"
    message = "The token has expired. Please refresh it or log in again."


class TokenInvalid(Unauthenticated):
    """The token is forged, of the other kind, or belongs to no active user."""

    code = "INVALID_TOKEN"
    message = "The token is not valid. Please log in again."


class Tokens:
    """Creates and verifies tokens. `previous_secret` is still accepted, so that keys can be rotated.

    The signature of an access token is verified once: the last `MAX_VERIFIED` tokens are kept until they expire. What
    the account may do is not cached: it is read from the database at every request.
    """

    def __init__(
        self, secret: str, *, access: timedelta, refresh: timedelta, previous_secret: str | None = None
    ) -> None:
        self._secret = secret
        # HMAC pads a key with zero bytes to 64 itself, so the padded one signs alike. It keeps PyJWT from a warning at
        # every token: the former service set no length for its key, and this one only verifies.
        self._accepted = [key.encode().ljust(_DIGEST, b"\0") for key in (secret, previous_secret) if key]
        self._refresh = refresh
        self._verified_tokens: dict[str, tuple[UUID, float]] = {}
        self.access = access

    @property
    def cached(self) -> int:
        """The number of verified access tokens that are kept."""
        return len(self._verified_tokens)

    def make_access(self, user_id: UUID, email: str, role: str) -> str:
        """Return an access token. It identifies the bearer; it does not say what the account may do."""
        return self._make({"user_id": str(user_id), "email": email, "role": role}, self.access)

    def make_refresh(self, user_id: UUID) -> str:
        """Return a refresh token."""
        return self._make({"sub": str(user_id)}, self._refresh)

    def read_access(self, token: str) -> UUID:
        """Return the user id of an access token. Raises `TokenExpired`, `TokenInvalid`."""
        user_id, expiry = self._verified_tokens.get(token, _UNKNOWN)
        if expiry <= time():
            user_id, expiry = self._read(token, "user_id", ("user_id", "email", "role"))
            self._remember(token, user_id, expiry)
        return user_id

    def read_refresh(self, token: str) -> UUID:
        """Return the user id of a refresh token. Raises `TokenInvalid`, also for an expired one."""
        try:
            return self._read(token, "sub", ("sub",))[0]
        except TokenExpired:
            raise TokenInvalid from None

    def _make(self, claims: dict[str, Any], lifetime: timedelta) -> str:
        now = datetime.now(UTC)
        registered = {"iss": ISSUER, "iat": now, "nbf": now, "exp": now + lifetime}
        return _jwt.encode(claims | registered, self._secret, algorithm=_ALGORITHM)

    def _remember(self, token: str, user_id: UUID, expiry: float) -> None:
        if len(self._verified_tokens) >= MAX_VERIFIED:
            del self._verified_tokens[next(iter(self._verified_tokens))]  # the one that was verified first
        self._verified_tokens[token] = (user_id, expiry)

    def _read(self, token: str, subject: str, own: tuple[str, ...]) -> tuple[UUID, float]:
        """Return the id in a token, and when that expires."""
        claims = self._verified(token)
        try:
            if set(claims) != {*own, *_REGISTERED}:
                raise TokenInvalid
            return UUID(claims[subject]), float(claims["exp"])
        except (ValueError, AttributeError, TypeError, OverflowError):
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
