"""Numbers of orders: the day, and forty random bits, so that a number tells nobody how many orders there are."""

import secrets
from datetime import UTC, datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are mistaken for others."""

_BITS, _DIGIT_BITS = 40, 5


def draw_number(at: datetime | None = None) -> str:
    """Return a number such as `261130-7K3M9QX2`, of the day of `at`, by default today.

    The database refuses one that is taken; then another is drawn.
    """
    bits = secrets.randbits(_BITS)
    digits = [_DIGITS[bits >> place & 2**_DIGIT_BITS - 1] for place in range(0, _BITS, _DIGIT_BITS)]
    return f"{at or datetime.now(UTC):%y%m%d}-{''.join(digits)}"
