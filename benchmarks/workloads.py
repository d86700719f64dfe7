"""Workloads over HTTP, the measurements of each window of load, and the results computed from them."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from benchmarks.load import Report
from benchmarks.results import Figure

MEDIANS = ("p50", "p90", "p99", "p999", "maximum")

Part = Literal["service", "backends"]


@dataclass(frozen=True, slots=True)
class Work:
    """Requests to send, and over how many connections; `order` is what else the load's `Order` says."""

    name: str
    paths: Sequence[str]
    connections: int = 1
    order: Mapping[str, Any] = field(default_factory=dict)
    warm: int = 64
    """Connections of the warm-up; 0: none, another work has warmed up what this one needs."""


class Window(NamedTuple):
    """What came of one window of load, and the seconds of processor time for each answer.

    `service` is the contestant's own processes, `backends` those of PostgreSQL that serve its connections.
    """

    report: Report
    service: float
    backends: float


Rounds = Mapping[str, Sequence[Mapping[str, Window]]]
"""By contestant: for each round, the windows by workload."""


def rates(work: str, turns: Rounds, title: str = "") -> list[Figure]:
    """Return what the rounds gave at a work as answers a second, without those who answered something unexpected."""
    return [
        _figure(title or work, who, "/s", [report.rate for report in reports], reports)
        for who, reports in _good(work, turns).items()
    ]


def latencies(work: str, turns: Rounds, part: str = "p99", title: str = "") -> list[Figure]:
    """Return what the rounds gave at a work as milliseconds, `part` of the answers being quicker."""
    return [
        _figure(title or work, who, "ms", [getattr(report, part) for report in reports], reports)
        for who, reports in _good(work, turns).items()
    ]


def processor_time(work: str, turns: Rounds, part: Part, title: str) -> list[Figure]:
    """Return the microseconds of processor time for each answer, without those who answered something unexpected."""
    return [
        Figure(work=title, who=who, unit="µs", rounds=[1e6 * getattr(turn[work], part) for turn in turns[who]])
        for who in _good(work, turns)
    ]


def refusals(turns: Rounds) -> list[str]:
    """Return a sentence for each work at which a contestant answered something unexpected: it has no figure."""
    return [
        f"Not counted: {who} at {work}, which answered {statuses}."
        for who, rounds in turns.items()
        for work in dict.fromkeys(work for turn in rounds for work in turn)
        if (statuses := [turn[work].report.statuses for turn in rounds if turn[work].report.unexpected])
    ]


def _good(work: str, turns: Rounds) -> dict[str, list[Report]]:
    by_who = {who: [turn[work].report for turn in rounds if work in turn] for who, rounds in turns.items()}
    return {
        who: reports for who, reports in by_who.items() if reports and not any(report.unexpected for report in reports)
    }


def _figure(work: str, who: str, unit: str, rounds: list[float], reports: Sequence[Report]) -> Figure:
    return Figure(
        work=work,
        who=who,
        unit=unit,
        rounds=rounds,
        latency={part: statistics.median(getattr(report, part) for report in reports) for part in MEDIANS},
        cpu=statistics.median(report.cpu for report in reports),
    )
