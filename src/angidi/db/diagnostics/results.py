"""Results of checks."""

from msgspec import Struct

SAMPLE = 5
"""Differences that are described one by one."""


class CheckResult(Struct, frozen=True):
    """Result of one check: the number of differences and descriptions of some of them.

    With `warns` there are no differences, but `sample` holds a warning.
    """

    check: str
    differs: int = 0
    sample: list[str] = []
    warns: bool = False


def finding(check: str, differing: list[str]) -> CheckResult:
    """Return a result that describes the first of what differs."""
    return CheckResult(check, len(differing), differing[:SAMPLE])


def warning(check: str, sample: list[str]) -> CheckResult:
    """Return a result that warns, unless `sample` is empty."""
    return CheckResult(check, sample=sample, warns=bool(sample))
