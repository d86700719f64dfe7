"""A thousand clients of one address that hold connections: others are served as before, the process stays small.

Each attack has a control, on the same server without its bounds.
"""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.faults.clients import Clients, Sent
from tests.faults.conftest import SERVING
from tests.support.serving import Server, free_port, serving

ATTACKER = "127.0.0.2"
SECONDS = 12.0
SLOWEST = 1.0
"""Seconds in which 99 of 100 requests of others have to be answered (p99)."""

PATIENCE = 5.0
GROWTH = 1.5
SETTINGS = {**SERVING, "API_RATE_LIMIT": "100", "TRUSTED_PROXIES": "127.0.0.1/32"}

ATTACKS = {"never-read": 1_100, "silent": 1_600, "slow-head": 1_000, "slow-body": 1_000}


@pytest.fixture(autouse=True)
def descriptors() -> None:
    """Have this process and its children use as many descriptors as they may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def attacked(kind: str, port: int, number: int) -> Generator[None]:
    """Let that many attackers of one address hold connections."""
    command = [sys.executable, "-m", "tests.faults.attackers", kind, str(port), ATTACKER, str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as attackers:
        try:
            yield
        finally:
            attackers.kill()


def size(server: Server) -> int:
    """Return how much memory the workers have, in kB."""
    lines = [line for pid in server.workers() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


class Effect(NamedTuple):
    """What others saw: statuses and the time of the 99th of 100 requests; how many times the memory grew."""

    answered: int
    unanswered: int
    seconds: float
    growth: float


async def others(server: Server, path: str, seconds: float) -> list[Sent]:
    """Be clients of other addresses for a time; return what became of their requests."""
    clients = Clients(server.port, path)
    await clients.arrive(0.05, seconds, PATIENCE)
    return clients.sent


async def effect_of(server: Server, kind: str) -> Effect:
    """Attack the server, and see what others get meanwhile."""
    await others(server, "/api/v1/categories", 2)
    before, most = size(server), 0
    with attacked(kind, server.port, ATTACKS[kind]):
        await asyncio.sleep(3)
        asking = asyncio.gather(others(server, "/api/v1/categories", SECONDS), others(server, "/livez", SECONDS))
        while not asking.done():
            most = max(most, size(server))
            await asyncio.sleep(0.25)
        seen = [sent for part in await asyncio.wait_for(asking, 1) for sent in part]
    times = sorted(sent.seconds for sent in seen)
    answered = sum(sent.answer is not None and sent.answer.status == 200 for sent in seen)
    slow = times[len(times) * 99 // 100] if times else SECONDS
    return Effect(answered, len(seen) - answered, slow, most / before)


@pytest.mark.fault
@pytest.mark.parametrize("kind", ATTACKS)
async def test_others_are_served_while_one_address_holds_all_that_it_can(shelf: str, tmp_path: Path, kind: str) -> None:
    with serving(tmp_path / "home", measured=False, DATABASE_URL=shelf, **SETTINGS) as server:
        effect = await effect_of(server, kind)
    assert effect.unanswered == 0
    assert effect.answered > 100
    assert effect.seconds <= SLOWEST
    assert effect.growth <= GROWTH
    assert "Traceback" not in server.output
    assert (kind == "never-read") == ('"reason": "unread"' in server.output)


@pytest.mark.fault
@pytest.mark.parametrize("kind", ["never-read", "silent"])
async def test_without_the_bounds_others_wait(shelf: str, tmp_path: Path, kind: str) -> None:
    """The control: with 1,024 connections held, nobody else is let in."""
    server = Server(
        tmp_path / "home", free_port(), measured=False, program="tests.faults.unbounded", DATABASE_URL=shelf, **SETTINGS
    )
    try:
        effect = await effect_of(server.wait(), kind)
    finally:
        server.end()
    assert effect.unanswered or effect.seconds > SLOWEST or effect.growth > GROWTH
