"""The folder of the socket: created by us with mode 0700, because the server trusts every user who can enter it."""

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from angidi.embedded.programs import Runner

PORT = 5432  # of the socket's name only: there is no TCP
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES = 103  # sun_path: 104 with its closing zero on macOS, 108 on Linux
LIST_CHARACTERS = frozenset(',"')  # PostgreSQL and libpq take a list of folders


def create_folder(runner: Runner) -> Path:
    """Return `run` in the state folder, or a private temporary folder if that path is unsuitable.

    The temporary folder's name follows from the state folder's, so that clients find a restarted server again.
    """
    near = runner.state / "run"
    if not near.exists() and _usable(near):
        near.mkdir(mode=0o700)
        runner.own(near)
    if near.is_dir() and _usable(near) and near.stat().st_mode & 0o077 == 0:
        return near
    name = f"angidi-{hashlib.sha256(os.fsencode(runner.state)).hexdigest()[:16]}"
    base = next(base for base in (tempfile.gettempdir(), "/tmp") if _usable(Path(base, name)))  # noqa: S108 - the folder is private
    far = Path(base, name)
    with suppress(FileExistsError):
        far.mkdir(mode=0o700)
        runner.own(far)
    if not _is_private(far, os.geteuid() if runner.uid is None else runner.uid):  # somebody else's, who took the name
        far = Path(tempfile.mkdtemp(prefix="angidi-", dir=base))
        runner.own(far)
    return far


def clear_folder(runner: Runner, folder: Path) -> None:
    """Remove leftovers of a dead server from `folder`, and the folder itself if it was temporary."""
    for name in (SOCKET, f"{SOCKET}.lock"):
        (folder / name).unlink(missing_ok=True)
    if folder != runner.state / "run":
        with suppress(OSError):
            folder.rmdir()


def _is_private(folder: Path, owner: int) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and stat.S_IMODE(status.st_mode) == 0o700  # noqa: PLR2004 - octal


def _usable(folder: Path) -> bool:
    text = str(folder)
    return not LIST_CHARACTERS & set(text) and len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_BYTES
