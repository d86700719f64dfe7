"""Go's command-line and number grammar, where Python's differs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_FALSE = {"0", "f", "F", "FALSE", "false", "False"}
_LITERAL = re.compile(r"0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|0(_?[0-7])*|[1-9](_?[0-9])*")

Value = bool | int | str


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
    if not -(2**63) <= int(text) < 2**63:
        raise ValueError(f'strconv.Atoi: parsing "{text}": value out of range')
    return int(text)


def parse_uint(text: str) -> int:
    """Return the unsigned decimal number of 64 bits that a positional argument holds, else `ValueError`."""
    if not re.fullmatch(r"[0-9]+", text) or int(text) >= 2**64:
        raise ValueError(text)
    return int(text)


def _literal(text: str, *, signed: bool) -> int:
    """Return a flag's number, written as a Go literal; raises `ValueError` in the flag package's words."""
    sign, digits = (text[0], text[1:]) if signed and text[:1] in {"+", "-"} else ("", text)
    if not _LITERAL.fullmatch(digits):
        raise ValueError("parse error")
    octal = re.fullmatch(r"0_?[0-7][0-7_]*", digits)
    number = int(digits.replace("_", ""), 8) if octal else int(digits, 0)
    if number >= 2 ** (63 if signed else 64):
        raise ValueError("value out of range")
    return -number if sign == "-" else number


_READERS: dict[str, Callable[[str], Value]] = {
    "string": lambda text: text,
    "int": lambda text: _literal(text, signed=True),
    "uint": lambda text: _literal(text, signed=False),
}


class UsageError(Exception):
    """The flags are wrong; the text is Go's."""


class HelpRequested(Exception):
    """-h was given."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: its kind is bool, string, int or uint."""

    name: str
    default: Value = False
    usage: str = ""
    kind: str = "bool"


@dataclass(slots=True)
class FlagSet:
    """Flags that are read as Go's flag package does: -x and --x, -x=v and -x v, until the first non-flag."""

    flags: Sequence[Flag]
    values: dict[str, Value] = field(default_factory=dict[str, Value])

    def parse(self, arguments: Sequence[str]) -> list[str]:
        """Fill `values` and return the arguments that are left; raises `UsageError` or `HelpRequested`."""
        self.values = {flag.name: flag.default for flag in self.flags}
        rest = list(arguments)
        while rest and len(rest[0]) > 1 and rest[0].startswith("-"):
            argument = rest.pop(0)
            if argument == "--":
                break
            self._flag(argument, rest)
        return rest

    def _flag(self, argument: str, rest: list[str]) -> None:
        name, equals, value = argument[1:].removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            raise UsageError(f"bad flag syntax: {argument}")
        flag = next((flag for flag in self.flags if flag.name == name), None)
        if flag is None:
            if name in {"h", "help"}:
                raise HelpRequested
            raise UsageError(f"flag provided but not defined: -{name}")
        self.values[name] = (
            _bool(flag, value if equals else "true")
            if flag.kind == "bool"
            else _read(flag, value if equals else None, rest)
        )

    def defaults(self) -> str:
        """Return the text that Go's PrintDefaults prints."""
        return "".join(_describe(flag) for flag in sorted(self.flags, key=lambda flag: flag.name))


def _bool(flag: Flag, value: str) -> bool:
    try:
        return parse_bool(value)
    except ValueError:
        raise UsageError(f'invalid boolean value "{value}" for -{flag.name}: parse error') from None


def _read(flag: Flag, value: str | None, rest: list[str]) -> Value:
    if value is None:
        if not rest:
            raise UsageError(f"flag needs an argument: -{flag.name}")
        value = rest.pop(0)
    try:
        return _READERS[flag.kind](value)
    except ValueError as error:
        raise UsageError(f'invalid value "{value}" for flag -{flag.name}: {error}') from None


def _describe(flag: Flag) -> str:
    head = f"  -{flag.name}" + ("" if flag.kind == "bool" else f" {flag.kind}")
    shown = f'"{flag.default}"' if isinstance(flag.default, str) else str(flag.default)
    default = f" (default {shown})" if flag.default else ""
    gap = "\t" if len(head) <= len("  -f") else "\n    \t"
    return f"{head}{gap}{flag.usage}{default}\n"
