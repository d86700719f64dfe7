"""`angidi serve` without the bounds of connections, for controls: `python -m tests.faults.unbounded serve`.

Its workers take as many connections as they did before there were bounds.
"""

from angidi.__main__ import run
from angidi.server import connections, workers


def check(self: connections.ConnectionLimiter, now: float) -> None:
    """Close nothing."""
    del self, now


if __name__ == "__main__":
    workers.BACKPRESSURE = 1024
    connections.ConnectionLimiter.check = check
    run()
