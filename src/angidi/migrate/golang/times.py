"""Durations and times as Go prints them."""

import re
from datetime import datetime

TIME_FORMAT = "20060102150405"
"""The layout of the version of a new migration."""

_NS = 10**9


def duration(seconds: float) -> str:
    """Return seconds as Go's Duration prints: 345.6µs, 12.345678ms, 1.5s, 1m2.5s, 0s."""
    nanos = round(seconds * _NS)
    if nanos == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if nanos < size * 1000:
            return _decimal(nanos, size) + unit
    minutes, rest = divmod(nanos, 60 * _NS)
    hours, minutes = divmod(minutes, 60)
    text = _decimal(rest, _NS) + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _decimal(number: int, size: int) -> str:
    whole, rest = divmod(number, size)
    digits = f"{rest:0{len(str(size)) - 1}}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


_PARTS: dict[str, str] = {
    "January": "%B", "Jan": "%b", "Monday": "%A", "Mon": "%a", "2006": "%Y", "MST": "%Z",
    "01": "%m", "02": "%d", "03": "%I", "04": "%M", "05": "%S", "06": "%y", "15": "%H", "002": "%j",
    "PM": "%p",
}  # fmt: skip
_LAYOUT = re.compile(
    r"(?P<part>January|Jan|Monday|Mon|MST|2006|002|01|02|03|04|05|06|15|PM)"
    r"|(?P<zone>Z07:00|Z0700|-07:00|-0700|-07)|(?P<fraction>[.,](?:0+|9+)(?![0-9]))|(?P<digit>_2|1|2|3|4|5|pm)"
)


def layout(moment: datetime, reference: str) -> str:
    """Return `moment` in Go's reference layout, such as `20060102150405`."""
    return _LAYOUT.sub(lambda match: _element(moment, match), reference)


def _element(moment: datetime, match: re.Match[str]) -> str:
    text = match[0]
    if match["part"]:
        return moment.strftime(_PARTS[text])
    if match["zone"]:
        return _zone(moment, text)
    if match["fraction"]:
        digits = f"{moment.microsecond:06}000"[: len(text) - 1]
        digits = digits if text[1] == "0" else digits.rstrip("0")
        return text[0] + digits if digits else ""
    hour = moment.hour % 12 or 12
    units = {"1": moment.month, "2": moment.day, "_2": f"{moment.day:>2}", "3": hour}
    units |= {"4": moment.minute, "5": moment.second, "pm": moment.strftime("%p").lower()}
    return str(units[text])


def _zone(moment: datetime, text: str) -> str:
    offset = moment.strftime("%z")
    if text.startswith("Z") and offset == "+0000":
        return "Z"
    if ":" in text:
        return f"{offset[:3]}:{offset[3:]}"
    return offset[:3] if text == "-07" else offset
