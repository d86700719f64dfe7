"""Memory that the processes of a server share, and that no file stands behind.

A mapped file ends each process that touches it (SIGBUS) where it was cut off, or has a hole that a full disk cannot
fill. This memory is allocated from the start, cannot be shortened, and is freed with the last process that has it.
"""

import fcntl
import os


def share_memory(name: str, size: int) -> str | None:
    """Return the path by which processes of this user open `size` bytes, all zero, as long as this process runs.

    None where the system has no such memory (all but Linux). Raises `OSError` if there is not enough.
    """
    if not hasattr(os, "memfd_create"):
        return None
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.posix_fallocate(descriptor, 0, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    return f"/proc/{os.getpid()}/fd/{descriptor}"
