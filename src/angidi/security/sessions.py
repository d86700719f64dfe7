"""The claims of tokens about their session, and the condition on which a session is active."""

import hashlib
from typing import LiteralString, NamedTuple, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from angidi.ids import new_id

SESSION_IS_ACTIVE: LiteralString = """
       CASE WHEN %(session_id)s::uuid IS NULL
            THEN users.sessions_ended_at IS NULL OR users.sessions_ended_at < to_timestamp(%(issued_at)s)
            ELSE EXISTS (SELECT FROM sessions
                          WHERE sessions.id = %(session_id)s AND sessions.user_id = users.id
                            AND sessions.ended_at IS NULL
                            AND sessions.epoch IS NOT DISTINCT FROM users.sessions_ended_at)
        END"""
"""The condition on a row of `users` that the session of an access token has not ended.

Access tokens of the former service belong to no session: they are valid until all sessions of the account end.
"""

SESSIONS_ENDED_NOW: LiteralString = "greatest(clock_timestamp(), sessions_ended_at + interval '1 microsecond')"
"""The new value of `users.sessions_ended_at` when all sessions end: always a later one, whatever the clock does."""


class AccessClaims(NamedTuple):
    """The claims of an access token. `session_id` is None in one of the former service.

    `issued_at` is in seconds since 1970.
    """

    user_id: UUID
    session_id: UUID | None
    issued_at: float


class RefreshClaims(NamedTuple):
    """The claims of a refresh token. Times are in seconds since 1970, by the clock of the database.

    `token_id` tells it from the others of its session. Only its hash is stored.
    """

    user_id: UUID
    session_id: UUID
    token_id: str
    issued_at: float = 0
    expires_at: float = 0
    is_former: bool = False

    @classmethod
    def begin(cls, user_id: UUID) -> Self:
        """Return the first token of a new session, not dated yet."""
        return cls(user_id, new_id(), new_id().hex)

    @classmethod
    def of_former(cls, user_id: UUID, signed: str, issued_at: float, expires_at: float) -> Self:
        """Return the claims of a token of the former service: its ids are derived from what was `signed`."""
        digest = _digest(signed).hex()
        return cls(user_id, uuid5(NAMESPACE_URL, f"refresh-token:{digest}"), digest, issued_at, expires_at, True)

    @property
    def hash(self) -> bytes:
        """The hash by which the token is stored."""
        return _digest(self.token_id)

    def successor(self) -> "RefreshClaims":
        """Return the token that replaces this one, not dated yet: the same, however often this one is used."""
        return RefreshClaims(self.user_id, self.session_id, _digest(f"after {self.token_id}").hex()[:32])


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
