"""Access and refresh tokens: JWT (RFC 7519), HS256 only; every claim that is set is required and verified."""

from datetime import timedelta
from time import time
from typing import Any
from uuid import UUID

import jwt

from angidi.errors import Unauthenticated
from angidi.security.sessions import AccessClaims, RefreshClaims

ISSUER = "angidi-api"
_ALGORITHM = "HS256"
_jwt: Any = jwt.PyJWT()  # its annotations use types of an optional dependency
_TIMES = ("iat", "nbf", "exp")
_REGISTERED = {"iss", *_TIMES}
_ACCESS = _REGISTERED | {"user_id", "email", "role"}
_REFRESH = _REGISTERED | {"sub"}
_END_OF_TIME = 253_402_300_800
"""The year 10000, in seconds since 1970."""

_DIGEST = 32
"""Bytes of a SHA-256 digest, the least that PyJWT takes as a key without a warning."""

# The library would take a time that is a text or true, and would not look at one that is absent.
_OPTIONS = {
    "require": ["iss", *_TIMES],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}

MAX_VERIFIED = 1024
"""Verified access tokens that are kept: half a megabyte."""

_UNKNOWN = (AccessClaims(UUID(int=0), None, 0.0), 0.0)


class TokenExpired(Unauthenticated):
    """The token is valid but has expired."""

    code = "EXPIRED_TOKEN"
    message = "The token has expired. Please refresh it or log in again."


class TokenInvalid(Unauthenticated):
    """The token is forged, of the other kind, or belongs to no active user, or to a session that has ended."""

    code = "INVALID_TOKEN"
    message = "The token is not valid. Please log in again."


class Tokens:
    """Creates and verifies tokens. `previous_secret` is still accepted, so that keys can be rotated.

    The signature of an access token is verified once: the last `MAX_VERIFIED` tokens are kept until they expire. What
    the account may do, and whether the session has ended, is not cached: it is read from the database at every request.
    """

    def __init__(
        self, secret: str, *, access: timedelta, refresh: timedelta, previous_secret: str | None = None
    ) -> None:
        self._secret = secret
        # HMAC pads a key with zero bytes to 64 itself, so the padded one signs alike. It keeps PyJWT from a warning at
        # every token: the former service set no length for its key, and this one only verifies.
        self._accepted = [key.encode().ljust(_DIGEST, b"\0") for key in (secret, previous_secret) if key]
        self._verified_tokens: dict[str, tuple[AccessClaims, float]] = {}
        self.access = access
        self.refresh = refresh

    @property
    def cached(self) -> int:
        """The number of verified access tokens that are kept."""
        return len(self._verified_tokens)

    def make_access(self, user_id: UUID, email: str, role: str, session_id: UUID | None = None) -> str:
        """Return an access token, without a session as the former service made it.

        It identifies the bearer; it does not say what the account may do.
        """
        claims = {"user_id": str(user_id), "email": email, "role": role}
        session = {"sid": str(session_id)} if session_id else {}
        now = int(time())
        return self._make(claims | session, now, now + int(self.access.total_seconds()))

    def make_refresh(self, claims: RefreshClaims) -> str:
        """Return the refresh token that says this: always the same one."""
        ids = {"sub": str(claims.user_id), "sid": str(claims.session_id), "jti": claims.token_id}
        return self._make(ids, claims.issued_at, claims.expires_at)

    def read_access(self, token: str) -> AccessClaims:
        """Return what an access token says. Raises `TokenExpired`, `TokenInvalid`."""
        said, expiry = self._verified_tokens.get(token, _UNKNOWN)
        if expiry <= time():
            said, expiry = self._read_access(token)
            self._remember(token, said, expiry)
        return said

    def read_refresh(self, token: str) -> RefreshClaims:
        """Return what a refresh token says. Raises `TokenInvalid`.

        Whether it has expired is for the database to say, by its clock.
        """
        claims = self._verified(token)
        user_id, issued_at, expires_at = _id(claims, "sub"), claims["iat"], claims["exp"]
        if claims.keys() == _REFRESH:
            return RefreshClaims.of_former(user_id, token.rpartition(".")[0], issued_at, expires_at)
        if claims.keys() != _REFRESH | {"sid", "jti"}:
            raise TokenInvalid
        return RefreshClaims(user_id, _id(claims, "sid"), claims["jti"], issued_at, expires_at)

    def _make(self, claims: dict[str, Any], issued_at: float, expires_at: float) -> str:
        registered = {"iss": ISSUER, "iat": issued_at, "nbf": issued_at, "exp": expires_at}
        return _jwt.encode(claims | registered, self._secret, algorithm=_ALGORITHM)

    def _remember(self, token: str, said: AccessClaims, expiry: float) -> None:
        if len(self._verified_tokens) >= MAX_VERIFIED:
            del self._verified_tokens[next(iter(self._verified_tokens))]  # the one that was verified first
        self._verified_tokens[token] = (said, expiry)

    def _read_access(self, token: str) -> tuple[AccessClaims, float]:
        """Return what an access token says, and when it expires."""
        claims = self._verified(token)
        if claims.keys() - {"sid"} != _ACCESS:
            raise TokenInvalid
        session_id = _id(claims, "sid") if "sid" in claims else None
        said = AccessClaims(_id(claims, "user_id"), session_id, float(claims["iat"]))
        if max(claims["iat"], claims["nbf"]) > time():
            raise TokenInvalid
        if claims["exp"] <= time():
            raise TokenExpired
        return said, float(claims["exp"])

    def _verified(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that one of the keys has signed, all times being numbers."""
        for key in self._accepted:
            try:
                claims = _jwt.decode(token, key, algorithms=[_ALGORITHM], issuer=ISSUER, options=_OPTIONS)
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, ValueError, RecursionError):
                raise TokenInvalid from None
            if not all(_is_time(claims[name]) for name in _TIMES):
                raise TokenInvalid
            return claims
        raise TokenInvalid


def _is_time(value: Any) -> bool:
    """Tell whether a claim is a NumericDate (RFC 7519) that a clock can show."""
    return type(value) in (int, float) and 0 <= value < _END_OF_TIME  # a bool is an int, NaN is in no range


def _id(claims: dict[str, Any], name: str) -> UUID:
    """Return the id that a claim holds. Raises `TokenInvalid`."""
    try:
        return UUID(claims[name])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise TokenInvalid from None
