"""File locks (flock), and waiting with progress messages.

A lock belongs to the open file description, not to the process: a child that inherits the descriptor holds it, too. A
lock is therefore released by closing the descriptor; unlocking would release it for the child as well.
"""

import fcntl
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from angidi.embedded.programs import EmbeddedError

POLL_SECONDS = 0.02
FIRST_WORD_SECONDS = 3.0
NEXT_WORD_SECONDS = 10.0

ADVICE = "set ANGIDI_HOME to a folder of yours, or set DATABASE_URL."

Notify = Callable[[str], None]


def create_home(home: Path) -> Path:
    """Return the absolute path of `home`; create it, private to us, if missing.

    We must own it: a lock file that root leaves in a user's folder would lock that user out.
    """
    home = home.expanduser().resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = home.stat().st_uid
    except OSError as error:
        raise EmbeddedError(f"{home} cannot be created ({error.strerror}): {ADVICE}") from error
    if owner != os.geteuid():
        raise EmbeddedError(f"{home} belongs to user {owner}: run as that user, {ADVICE}")
    if not str(home).isprintable():
        raise EmbeddedError(f"{str(home)!r} has characters that PostgreSQL does not take: {ADVICE}")
    return home


def open_lock(path: Path) -> int:
    """Return a descriptor of the lock file `path`; create it if missing. Closing the descriptor releases the lock."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


@contextmanager
def opened_lock(path: Path) -> Generator[int]:
    """Context manager of `open_lock`."""
    descriptor = open_lock(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, *, alone: bool) -> bool:
    """Try to acquire the lock, exclusive (`alone`) or shared, without waiting. On False a lock held before is lost."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """Release a lock that no child needs, also where one that was forked meanwhile has inherited it."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def poll(notify: Notify, text: Callable[[], str], limit: float = float("inf")) -> Generator[None]:
    """Yield now and every 20 ms until `limit` seconds have passed; notify with `text()` after 3 s, then every 10 s."""
    begun = time.monotonic()
    word_at = begun + FIRST_WORD_SECONDS
    while (now := time.monotonic()) < begun + limit:
        yield
        if now >= word_at:
            notify(text())
            word_at = now + NEXT_WORD_SECONDS
        time.sleep(POLL_SECONDS)
