"""Types of settings: durations in Go's notation, lists, networks, choices."""

import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

Environment = Literal["development", "test", "production"]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
ENCRYPTED: tuple[SslMode, ...] = ("require", "verify-ca", "verify-full")


def parse_duration(text: object) -> object:
    """Return the `timedelta` of a text in Go's notation (`1h30m`, `500ms`). Raises ValueError."""
    if not isinstance(text, str):
        return text
    if text == "0":
        return timedelta()
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError("is not a duration")
    return timedelta(seconds=sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts))


def _split(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


Duration = Annotated[timedelta, BeforeValidator(parse_duration), Field(gt=timedelta(0))]
DurationOrNone = Annotated[timedelta, BeforeValidator(parse_duration), Field(ge=timedelta(0))]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
RefreshReuse = Annotated[Literal["refuse", "allow"], BeforeValidator(_lower)]
LogFormat = Annotated[Literal["json", "console"] | None, BeforeValidator(_lower)]
