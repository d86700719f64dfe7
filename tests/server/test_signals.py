"""What the first signal makes of the errors that it causes."""

import signal
from contextlib import ExitStack, suppress

import pytest

from angidi.server.signals import StopSignals


def test_an_error_that_a_signal_causes_at_the_start_ends_with_the_signals_status() -> None:
    stop = StopSignals()
    with pytest.raises(SystemExit) as ended, ExitStack() as stack:
        stack.push(stop.end_start)
        with suppress(SystemExit):
            stop(signal.SIGTERM, None)
        raise RuntimeError("another command is already in progress")
    assert ended.value.code == 128 + signal.SIGTERM


def test_an_error_at_the_start_without_a_signal_is_raised() -> None:
    with pytest.raises(RuntimeError, match="no space"), ExitStack() as stack:
        stack.push(StopSignals().end_start)
        raise RuntimeError("no space")
