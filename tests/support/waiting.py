"""Waiting for what another process, thread or session is about to do."""

import time
from collections.abc import Callable

PAUSE = 0.02
LOOKS = 3_000


def until(condition: Callable[[], object]) -> None:
    """Return once `condition` holds; fail when it has not after a minute of looking."""
    for _ in range(LOOKS):
        if condition():
            return
        time.sleep(PAUSE)
    raise AssertionError("what was waited for did not come")
