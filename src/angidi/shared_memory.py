"""Memory that the processes of a server share, and that no file stands behind.

A mapped file ends each process that touches it (SIGBUS) where it was cut off, or has a hole that a full disk cannot
fill. This memory is allocated from the start, cannot be shortened, and is freed with the last process that has it.
"""

import fcntl
import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATH = re.compile(r"/proc/[0-9]{1,10}/fd/[0-9]{1,10}")


def share_memory(name: str, size: int) -> str | None:
    """Return the path by which processes of this user open `size` bytes, all zero, as long as this process runs.

    None where the system has no such memory (all but Linux). Raises `OSError` if there is not enough.
    """
    if not hasattr(os, "memfd_create"):
        return None
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.posix_fallocate(descriptor, 0, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    return _path_of(descriptor)


def join_memory(name: str, size: int, note: Path) -> str | None:
    """Do as `share_memory` does, but return the memory of another process with this `note`, as long as one runs.

    The file `note` holds the path of the memory. Where it cannot be used, this process has memory of its own.
    """
    with suppress(OSError), _locked(note.parent):
        if (descriptor := _find(name, size, note)) is not None:
            return _path_of(descriptor)
        memory = share_memory(name, size)
        with suppress(OSError):
            note.write_text(memory or "", encoding="ascii")
        return memory
    return share_memory(name, size)


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """Make the folder if need be, and keep others out who do the same. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _find(name: str, size: int, note: Path) -> int | None:
    """Open the memory that `note` names. None if its process has ended, or something else has that path by now."""
    with suppress(OSError):
        with note.open(encoding="ascii", errors="replace") as file:
            path = file.read(64)
        if _PATH.fullmatch(path) and os.readlink(path).startswith(f"/memfd:{name} "):  # noqa: PTH115 - no file's path
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            if os.fstat(descriptor).st_size == size and fcntl.fcntl(descriptor, fcntl.F_GET_SEALS):
                return descriptor
            os.close(descriptor)
    return None


def _path_of(descriptor: int) -> str:
    return f"/proc/{os.getpid()}/fd/{descriptor}"
