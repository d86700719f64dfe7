"""Changes and resets of passwords."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from angidi.users.models import Password, TypedPassword
from angidi.validation.fields import Timestamp

ResetToken = Annotated[
    str, Meta(min_length=1, description="a token", examples=["mW3v9yT0rQyq1o4pC5b2cX8sD7uE6fGhJkLnPzRtVwA"])
]


class NewPassword(Struct, frozen=True):
    """A password that replaces another."""

    password: Password


class PasswordChange(Struct, frozen=True):
    """The password that holds, and the one to replace it."""

    current_password: TypedPassword
    new_password: Password


class IssuedReset(Struct, frozen=True):
    """A token for the admin to hand over: whoever has it can replace the password once, until it expires."""

    reset_token: ResetToken
    expires_at: Timestamp


class PasswordReset(Struct, frozen=True):
    """A token that an admin has handed over, and the new password."""

    reset_token: ResetToken
    new_password: Password


class PasswordOwner(Struct, frozen=True):
    """The account whose password is to be replaced."""

    id: UUID
    email: str
    role: str
    address: str
    password_hash: str
