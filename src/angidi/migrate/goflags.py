"""Go's command-line and number grammar, where Python's differs."""

import re

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_FALSE = {"0", "f", "F", "FALSE", "false", "False"}
_INT64 = range(-(2**63), 2**63)


def parse_bool(text: str) -> bool:
    """Return what Go's ParseBool makes of `text`; raises `ValueError` in its words."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def parse_int(text: str) -> int:
    """Return the decimal number of 64 bits; raises `ValueError` in the words of Go's Atoi."""
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    if int(text) not in _INT64:
        raise ValueError(f'strconv.Atoi: parsing "{text}": value out of range')
    return int(text)
