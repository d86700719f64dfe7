"""The lock of `angidi serve`: one per home."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from angidi.embedded.locks import make_home, opened, patience, try_lock
from angidi.embedded.programs import EmbeddedError

HOLDER_SECONDS = 0.5


class AlreadyServing(EmbeddedError):
    """Another `angidi serve` uses this home."""


@contextmanager
def exclusive(home: Path) -> Generator[None]:
    """Hold the serve lock of `home`; AlreadyServing names its holder. It is not waited for."""
    with opened(make_home(home) / "serve.lock") as descriptor:
        if not try_lock(descriptor, alone=True):
            raise AlreadyServing(_refusal(home, _holder(descriptor)))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)


def _holder(descriptor: int) -> str:
    """Return the holder's number; empty if it does not write one in time (it is just starting or ending)."""
    for _ in patience(lambda _: None, str, limit=HOLDER_SECONDS):
        if (number := os.pread(descriptor, 32, 0).decode(errors="replace").strip()).isdecimal():
            return number
    return ""


def _refusal(home: Path, holder: str) -> str:
    who, how = (f" (process {holder})", f" or with: kill {holder}") if holder else ("", "")
    return f"Another `angidi serve`{who} uses {home}: end it with Ctrl-C in its terminal{how}"
