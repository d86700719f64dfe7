"""Which passwords may be chosen. A log-in never asks this: older passwords stay good."""

from angidi.errors import FieldError, Invalid
from angidi.security.common_passwords import is_common
from angidi.validation.fields import refuse_unstorable

SHORTEST, LONGEST = 8, 128
ADMIN_PASSWORD_MINIMUM = 12
"""Minimum characters of an admin's password."""


def chosen_password(value: object) -> str:
    """Return a password that somebody may choose. Raises ValueError for any other value."""
    if not isinstance(value, str) or not SHORTEST <= len(value) <= LONGEST:
        raise ValueError(f"must be a text of {SHORTEST} to {LONGEST} characters")
    refuse_unstorable(value)
    if is_common(value):
        raise ValueError("is one of the most common passwords, which are tried first: choose another one")
    return value


def check_password(password: str, email: str, role: str, field: str = "password") -> None:
    """Raise `Invalid` for `field` if the account with this address and role may not have the password."""
    if role == "admin" and len(password) < ADMIN_PASSWORD_MINIMUM:
        raise Invalid(
            details=[FieldError(field, f"must have {ADMIN_PASSWORD_MINIMUM} characters or more for an admin")]
        )
    if password.casefold() == email.casefold():
        raise Invalid(details=[FieldError(field, "must not be the account's email address")])
