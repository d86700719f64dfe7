"""Sessions: inputs and rows."""

from datetime import timedelta
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from angidi.users.models import Token


class Logout(Struct, frozen=True):
    """Which session ends: that of the refresh token, or without one that of the access token."""

    refresh_token: Annotated[Token | None, Meta(description="a refresh token, or null", examples=[None])] = None


class Lifetimes(NamedTuple):
    """How long a refresh token can be used, and how long a session is stored after its last refresh."""

    lifetime: timedelta
    session_lifetime: timedelta


class RefreshTimes(Struct, frozen=True):
    """When a refresh token is issued and when it expires, in seconds since 1970, by the clock of the database."""

    issued_at: int
    expires_at: int
