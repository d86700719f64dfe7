"""Clients at a rate: requests are sent when they are due, whatever became of those before, and all outcomes are kept.

As a program it sends GETs from a process of its own, so that what it measures is not the load beside it:
`python -m tests.faults.load PORT SECONDS PAUSE PATH…` prints the outcomes as JSON.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import count, cycle
from time import monotonic
from typing import NamedTuple

import msgspec
from tests.support.serving import ROOT
from tests.support.wire import Answer, send


class Outcome(NamedTuple):
    """What became of a request: when it was sent, how long it took, its status, and whether 503 told when to retry.

    A connection that fails is status 0, for a reason.
    """

    sent: float
    seconds: float
    status: int
    is_clean: bool = True
    reason: str = ""

    @property
    def ended(self) -> float:
        """When it was answered."""
        return self.sent + self.seconds


async def timed(request: Awaitable[Answer]) -> Outcome:
    """Send a request and tell what became of it."""
    sent = monotonic()
    try:
        answer = await request
    except (OSError, EOFError) as error:
        return Outcome(sent, monotonic() - sent, 0, is_clean=False, reason=repr(error))
    is_clean = answer.status not in {429, 503} or "retry-after" in answer.headers
    return Outcome(sent, monotonic() - sent, answer.status, is_clean)


async def at_rate(make: Callable[[int], Awaitable[Answer]], rate: float, is_over: Callable[[], bool]) -> list[Outcome]:
    """Send `rate` requests a second, the number-th made by `make`, until `is_over`; return all outcomes."""
    began = monotonic()
    sending: list[asyncio.Task[Outcome]] = []
    for number in count():
        if is_over():
            return await asyncio.gather(*sending)
        await asyncio.sleep(began + number / rate - monotonic())
        sending.append(asyncio.create_task(timed(make(number))))
    raise AssertionError


def percentile(outcomes: Sequence[Outcome], share: float) -> float:
    """Return the seconds within which that share of the requests was answered."""
    return sorted(outcome.seconds for outcome in outcomes)[int(share * (len(outcomes) - 1))]


def told(name: str, outcomes: Sequence[Outcome]) -> str:
    """Return a line for the report of a run."""
    statuses = dict(sorted(Counter(outcome.status for outcome in outcomes).items()))
    reasons = dict(Counter(outcome.reason for outcome in outcomes if outcome.reason)) or ""
    times = [percentile(outcomes, share) * 1000 for share in (0.5, 0.99, 1)]
    return f"{name}: {statuses}, p50 {times[0]:.1f} ms, p99 {times[1]:.1f} ms, most {times[2]:.0f} ms {reasons}\n"


async def probed(port: int, seconds: float, pause: float, *paths: str) -> list[Outcome]:
    """Ask for the paths by turns from a process of its own; return the outcomes."""
    arguments = [str(port), str(seconds), str(pause), *paths]
    probe = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.load", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await probe.communicate()
    return msgspec.json.decode(printed, type=list[Outcome])


async def _probe(port: int, seconds: float, pause: float, paths: Sequence[str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    end = monotonic() + seconds
    for path in cycle(paths):
        if monotonic() > end:
            break
        outcomes.append(await timed(send(port, "GET", path, base="")))
        await asyncio.sleep(pause)
    return outcomes


if __name__ == "__main__":
    port, seconds, pause, *paths = sys.argv[1:]
    outcomes = asyncio.run(_probe(int(port), float(seconds), float(pause), paths))
    sys.stdout.buffer.write(msgspec.json.encode(outcomes))
