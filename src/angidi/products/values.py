"""Values of products as they are sent: prices, their bounds in a query, and URLs of pictures."""

import re
from decimal import ROUND_05UP, Decimal, InvalidOperation
from urllib.parse import urlsplit

MAXIMUM_AMOUNT = Decimal(10) ** 12
MAXIMUM_PRICE = Decimal("99999999.99")
PRICE_RULE = "a number above 0, at most 99999999.99, with at most two decimals"
URL_RULE = "an http or https URL of at most 500 characters"
MAXIMUM_URL = 500
_ORDINARY_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,4})?(?:/[!-~]*)?")
"""What nearly every URL looks like: `urlsplit` finds scheme and host in each of these, and takes ten times as long."""


def exact_price(value: object) -> Decimal:
    """Return a JSON number as a price, never rounded; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"must be {PRICE_RULE}")  # noqa: TRY004 - the client's mistake, not ours
    price = Decimal(value)
    if not 0 < price <= MAXIMUM_PRICE or price != (exact := round(price, 2)):
        raise ValueError(f"must be {PRICE_RULE}")
    return exact  # equal, and without the zeros at the end, of which PostgreSQL takes some thousands only


def exact_amount(value: object) -> Decimal:
    """Return a JSON number as an amount of money, never rounded; raises ValueError."""
    if not isinstance(value, bool) and isinstance(value, int | Decimal):
        amount = Decimal(value)
        if 0 <= amount < MAXIMUM_AMOUNT and amount == round(amount, 2):
            return amount
    raise ValueError("must be a number of at least 0 with at most two decimals")


def picture_url(value: object) -> str | None:
    """Return the URL, or None for null; raises ValueError."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAXIMUM_URL or not value.isprintable() or " " in value:
        raise ValueError(f"must be {URL_RULE}")
    if _ORDINARY_URL.fullmatch(value):
        return value
    try:
        parts = urlsplit(value)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port  # which raises for a port over 65535
    except ValueError:
        raise ValueError(f"must be {URL_RULE}") from None
    if scheme not in {"http", "https"} or not host:
        raise ValueError(f"must be {URL_RULE}")
    return value


def price_bound(text: str) -> Decimal:
    """Return the number in a query; raises ValueError for what is none, or negative.

    Bounds beyond every price come out equal, and so do those between the same two cents: `ROUND_05UP` rounds to three
    decimals, and never onto a cent.
    """
    try:
        bound = Decimal(text) if text.isascii() and "_" not in text and text == text.strip() else Decimal("NaN")
    except InvalidOperation:
        bound = Decimal("NaN")
    if not bound.is_finite():
        raise ValueError("must be a number")
    if bound < 0:
        raise ValueError("must not be negative")
    return min(bound, MAXIMUM_PRICE + 1).quantize(Decimal("0.001"), ROUND_05UP)


def upper_price_bound(text: str) -> Decimal:
    """Return the number in a query as `price_bound` does. 0 is refused: to the former service it was “no limit”."""
    bound = price_bound(text)
    if not bound:
        raise ValueError("must be above 0")
    return bound
