"""What a run tells while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from angidi.migrate.files.steps import Step


@dataclass(frozen=True, slots=True)
class Planned:
    """The step will be run; its file was read."""

    step: Step


@dataclass(frozen=True, slots=True)
class Started:
    """The step is being run."""

    step: Step


@dataclass(frozen=True, slots=True)
class Finished:
    """The step is done and recorded; seconds to read its file, and to run it."""

    step: Step
    read: float
    ran: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another run holds the lock; one line for each holder."""

    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retrying:
    """The step did not get its table locks in time and was rolled back; it is tried again after `pause` s."""

    step: Step
    attempt: int
    pause: float


@dataclass(frozen=True, slots=True)
class Building:
    """An index is being built: its phase and, where known, the share done (0 to 1)."""

    step: Step
    phase: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the operator should know that stops nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """The step's file told something, by PL/pgSQL's RAISE."""

    step: Step
    text: str


Event = Planned | Started | Finished | Waiting | Retrying | Building | Warned | Noticed
OnProgress = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Tell nobody."""
