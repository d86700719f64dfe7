"""Numbers of orders: the day, and forty random bits, so that a number tells nobody how many orders there are."""

import secrets
from datetime import UTC, datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are mistaken for others."""

_RANDOM = 8


def draw_number(at: datetime | None = None) -> str:
    """Return a number such as `261130-7K3M9QX2`, of the day of `at`, by default today.

    The database refuses one that is taken; then another is drawn.
    """
    return f"{at or datetime.now(UTC):%y%m%d}-{''.join(secrets.choice(_DIGITS) for _ in range(_RANDOM))}"
