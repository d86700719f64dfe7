"""Reading migrations ahead of the one that runs."""

from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import NamedTuple

from .errors import MigrateError
from .events import OnProgress, Planned
from .sequence import Step


class Body(NamedTuple):
    """A file's content, and the seconds that reading it took."""

    content: bytes
    seconds: float


def ahead(steps: Iterator[Step], count: int, tell: OnProgress) -> Iterator[tuple[Step, Body]]:
    """Yield each step with its file's body, read up to `count` steps early.

    An error of `steps`, or of a file, comes when the steps before it have been run.
    """
    queue: deque[tuple[Step, Body]] = deque()
    failure: MigrateError | None = None
    following = _read(steps, tell)
    more = True
    while True:
        while more and len(queue) < count:
            try:
                queue.append(next(following))
            except StopIteration:
                more = False
            except MigrateError as error:
                failure, more = error, False
        if not queue:
            break
        yield queue.popleft()
    if failure is not None:
        raise failure


def _read(steps: Iterator[Step], tell: OnProgress) -> Iterator[tuple[Step, Body]]:
    for step in steps:
        begun = monotonic()
        body = step.file.read() if step.file else b""
        tell(Planned(step))
        yield step, Body(body, monotonic() - begun)
