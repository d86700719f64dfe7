"""A clock that is set changes no wait and no limit: they are measured by the monotonic one."""

import re
from pathlib import Path

import angidi

SOURCE = Path(angidi.__file__).parent
BY_THE_CLOCK = re.compile(r"time import .*\btime\b|time\.time\(|datetime\.(?:now|utcnow)\(")
SHOWN = {"http/health.py"}
"""Modules that only show the time."""


def test_what_waits_or_limits_does_not_read_the_time_of_day() -> None:
    parts = ("http", "db", "idempotency", "embedded", "jobs", "concurrency.py")
    files = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] in parts]
    reading = {path.relative_to(SOURCE).as_posix() for path in files if BY_THE_CLOCK.search(path.read_text())}
    assert reading == SHOWN
