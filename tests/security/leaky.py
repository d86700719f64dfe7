"""`angidi` with two planted leaks: passwords go to the log and into a metric. The canaries have to find both."""

from typing import Any

import structlog

from angidi.__main__ import run
from angidi.security.passwords import Passwords
from angidi.telemetry.statements import DURATION


def plant() -> None:
    """Have each password that is compared leak."""
    match: Any = Passwords.match

    async def leaking(passwords: Passwords, password: str, stored: str | None) -> object:
        structlog.get_logger("leak").warning("compared", password=password)
        DURATION.labels(password).observe(0)
        return await match(passwords, password, stored)

    setattr(Passwords, "match", leaking)  # noqa: B010 - a method that is typed cannot be assigned


if __name__ == "__main__":
    plant()
    run()
