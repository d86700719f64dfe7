"""Results of measurements: values by contestant, and verdicts on the goals."""

import statistics
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Sense = Literal["≥", "≤"]


class Figure(Struct, frozen=True, kw_only=True):
    """One contestant at one work: a value for each round, in the unit. What counts is their median."""

    work: str
    who: str
    unit: str
    rounds: list[float]
    latency: dict[str, float] = {}
    """Medians over the rounds of p50, p90, p99, p999 and the maximum, in milliseconds, where they were taken."""

    cpu: float | None = None
    """The part of one core that the load generator used: near 1, it was the limit."""

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


class Verdict(Struct, frozen=True, kw_only=True):
    """A goal and what came of it. `value` is None where it could not be measured, and `beside` says why."""

    goal: str
    sense: Sense
    bound: float
    value: float | None
    unit: str = "×"
    beside: str = ""

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.bound if self.sense == "≥" else self.value <= self.bound


class Outcome(Struct, frozen=True, kw_only=True):
    """What one measurement gave."""

    name: str
    title: str
    figures: list[Figure]
    verdicts: list[Verdict]
    notes: list[str] = []
    seconds: float = 0.0
    when: str = ""
    commit: str = ""


def amount(value: float, unit: str) -> str:
    """Return a figure for people, with three digits that count or so."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    text = f"{value:,.{digits}f}"
    return f"{text}{unit}" if unit.startswith(("/", "×")) else f"{text} {unit}"


def compared(goal: str, sense: Sense, bound: float, ours: Figure, other: Figure | str) -> Verdict:
    """Return the verdict on ours divided by the other's; a text instead says who was not measured."""
    if isinstance(other, str):
        return Verdict(goal=goal, sense=sense, bound=bound, value=None, beside=f"{other} was not measured")
    beside = f"{amount(ours.median, ours.unit)} : {amount(other.median, other.unit)} ({other.who})"
    value = ours.median / other.median if other.median else None
    return Verdict(goal=goal, sense=sense, bound=bound, value=value, beside=beside)


def below(goal: str, bound: float, figure: Figure) -> Verdict:
    """Return the verdict that the figure itself is at most `bound`."""
    return Verdict(goal=goal, sense="≤", bound=bound, value=figure.median, unit=figure.unit, beside=figure.who)


def find(figures: Sequence[Figure], work: str, who: str) -> Figure | None:
    """Return that contestant's figure at that work, if it was measured."""
    return next((figure for figure in figures if figure.work == work and figure.who == who), None)
