"""The lock of `angidi serve`: one server per home."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from angidi.embedded.locks import ADVICE, create_home, open_lock, poll, try_lock
from angidi.embedded.programs import EmbeddedError

HOLDER_SECONDS = 0.5


class AlreadyServing(EmbeddedError):
    """Another `angidi serve` uses this home."""


@contextmanager
def serve_lock(home: Path) -> Generator[None]:
    """Hold the serve lock of `home`. Raises `AlreadyServing`, which names the holder, without waiting."""
    with _opened(create_home(home) / "serve.lock") as descriptor:
        if not try_lock(descriptor, alone=True):
            raise AlreadyServing(_refusal(home, _holder(descriptor)))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)


@contextmanager
def _opened(path: Path) -> Generator[int]:
    """Open the lock. Raises `EmbeddedError`."""
    try:
        descriptor = open_lock(path)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be written ({error.strerror}): {ADVICE}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Return the holder's process id; empty if it writes none in time, because it is starting or ending."""
    for _ in poll(lambda _: None, str, limit=HOLDER_SECONDS):
        if (number := os.pread(descriptor, 32, 0).decode(errors="replace").strip()).isdecimal():
            return number
    return ""


def _refusal(home: Path, holder: str) -> str:
    who, how = (f" (process {holder})", f" or with: kill {holder}") if holder else ("", "")
    return f"Another `angidi serve`{who} uses {home}: end it with Ctrl-C in its terminal{how}"
