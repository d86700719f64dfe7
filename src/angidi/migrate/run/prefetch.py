"""Reading migrations ahead of the one that runs."""

from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import NamedTuple

from angidi.migrate.errors import MigrateError
from angidi.migrate.files.steps import Step

from .events import OnProgress, Planned


class FileContent(NamedTuple):
    """A file's content, and the seconds that reading it took."""

    content: bytes
    seconds: float


def prefetch(
    steps: Iterator[Step], count: int, notify: OnProgress, *, strict: bool
) -> Iterator[tuple[Step, FileContent]]:
    """Yield each step with its file's body, read up to `count` steps early.

    An error of `steps`, or of a file, comes when the steps before it have been run.
    """
    queue: deque[tuple[Step, FileContent]] = deque()
    failure: MigrateError | None = None
    following = _read(steps, notify, strict=strict)
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


def _read(steps: Iterator[Step], notify: OnProgress, *, strict: bool) -> Iterator[tuple[Step, FileContent]]:
    for step in steps:
        begun = monotonic()
        body = step.file.read(strict=strict) if step.file else b""
        notify(Planned(step))
        yield step, FileContent(body, monotonic() - begun)
