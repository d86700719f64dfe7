"""What the drop-in command prints: golang-migrate's lines, on the standard error stream."""

import sys
import time
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TextIO

from .golang.times import duration
from .run.events import Building, Event, Finished, Noticed, Planned, Retrying, Started, Waiting, Warned


@dataclass(slots=True)
class Console:
    """Prints lines; verbose ones begin with the time, as Go's log package does."""

    verbose: bool = False
    strict: bool = False

    def print(self, text: str) -> None:
        """Print one line."""
        stamp = time.strftime("%Y/%m/%d %H:%M:%S ") if self.verbose else ""
        sys.stderr.write(f"{stamp}{text.removesuffix(chr(10)) if self.verbose else text}\n")
        sys.stderr.flush()

    def print_event(self, event: Event) -> None:
        """Print an event of a run; in strict mode only what golang-migrate prints."""
        if text := (self._verbose(event) if self.verbose else self._terse(event)) or self._ours(event):
            self.print(text)

    def _terse(self, event: Event) -> str | None:
        if isinstance(event, Finished):
            return f"{event.step.label} ({duration(event.read + event.ran)})"
        return None

    def _verbose(self, event: Event) -> str | None:
        match event:
            case Planned(step):
                return f"{'Start buffering' if step.file else 'Scheduled'} {step.label}"
            case Started(step):
                return f"Read and execute {step.label}" if step.file else None
            case Finished(step, read, ran):
                return f"Finished {step.label} (read {duration(read)}, ran {duration(ran)})"
            case _:
                return None

    def _ours(self, event: Event) -> str | None:
        return None if self.strict else describe(event)


def keep_bytes(stream: TextIO) -> None:
    """Let what a file, or its name, holds in another encoding go out as it came in."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="surrogateescape")


def describe(event: Event) -> str | None:
    """Return a line for an event that golang-migrate does not report, else None."""
    match event:
        case Waiting(holders):
            return "waiting for the lock, held by " + ("; ".join(holders) or "a session that has just ended")
        case Retrying(step, attempt, pause):
            return f"{step.label}: a table is locked; rolled back, attempt {attempt + 1} in {pause:g} s"
        case Building(step, phase, share):
            return f"{step.label}: {phase}" + ("" if share is None else f", {share:.0%}")
        case Warned(text):
            return f"warning: {text}"
        case Noticed(step, text):
            return f"{step.label}: {text}"
        case _:
            return None
