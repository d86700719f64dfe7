"""What SIGINT and SIGTERM do to a run."""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from .runner import Migrate


@dataclass(slots=True)
class Interrupts:
    """The signals that came in; `number` is the last one, 0 for none."""

    migrate: Migrate
    print_line: Callable[[str], None]
    strict: bool = False
    number: int = 0

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Let the running migration end at the first SIGINT; roll it back at the second, or at SIGTERM."""
        first, self.number = not self.number, number
        if first and number == signal.SIGINT:
            self.print_line("Stopping after this running migration ...")
            self.migrate.stop()
        elif not self.strict:
            self.print_line("Rolling the running migration back ...")
            self.migrate.cancel()


@contextmanager
def interruptible(
    migrate: Migrate, print_line: Callable[[str], None], *, strict: bool = False
) -> Generator[Interrupts]:
    """Handle the signals meanwhile; in strict mode SIGTERM kills, as it kills golang-migrate."""
    interrupts = Interrupts(migrate, print_line, strict)
    numbers = [signal.SIGINT] if strict else [signal.SIGINT, signal.SIGTERM]
    before = [(number, signal.signal(number, interrupts.handle)) for number in numbers]
    try:
        yield interrupts
    finally:
        for number, handler in before:
            signal.signal(number, handler)
