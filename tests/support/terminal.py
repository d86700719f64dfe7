"""A program on a terminal: what it shows, and what is typed."""

import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

PATIENCE = 60.0


class Terminal:
    """`python …` with a terminal as its three streams; `shown` is all that it showed so far."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def answer(self, question: str, text: str) -> None:
        """Wait until it shows the question, then type a line. What is typed before a hidden prompt would be lost."""
        self.wait_for(question)
        os.write(self._ours, f"{text}\n".encode())

    def wait_for(self, text: str) -> None:
        """Return when it has shown the text after what was waited for before; fail if it does not."""
        seen = len(self.shown)
        while text not in self.shown[seen:]:
            assert self._read(), f"{text} is not in: {self.shown}"

    def end(self) -> int:
        """Read what it still shows; return its exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], PATIENCE)
        data = b""
        with suppress(OSError):  # Linux: the other side is closed
            data = os.read(self._ours, 4096) if ready else b""
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
