"""Documents whose commands are run as a reader runs them, and whose answers are compared."""

import json
import os
import re
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, cast

from tests.support.serving import ROOT

START = "make run"
END_OF_OUTPUT = "\x1e"
VARIES = "…"


def code_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and content of each block of code."""
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield block[1], block[2].strip()


class Shell:
    """One shell that runs block after block, as a reader's terminal does."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, commands: str) -> str:
        """Return what `commands` print."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{commands}\nprintf '{END_OF_OUTPUT}\\n'\n")
        self._process.stdin.flush()
        output = ""
        for line in self._process.stdout:
            output += line
            if output.endswith(f"{END_OF_OUTPUT}\n"):
                return output.removesuffix(f"{END_OF_OUTPUT}\n").strip()
        raise AssertionError(f"the shell ended in: {commands}\n{output}")


@contextmanager
def shell(**environment: str) -> Generator[Shell]:
    process = subprocess.Popen(
        ["bash", "-u"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        yield Shell(process)


def assert_shown(shown: Any, answer: Any) -> None:
    """Fail unless `answer` is what the document shows, where it has no ellipsis; fields stand in the same order."""
    if isinstance(shown, dict):
        object_ = cast("dict[str, Any]", shown)
        assert [*object_] == [*answer]
        for key, value in object_.items():
            assert_shown(value, answer[key])
    elif isinstance(shown, list):
        array = cast("list[Any]", shown)
        assert len(array) == len(answer)
        for one, other in zip(array, answer, strict=True):
            assert_shown(one, other)
    elif isinstance(shown, str) and VARIES in shown:
        assert re.fullmatch(".+".join(map(re.escape, shown.split(VARIES))), str(answer))
    else:
        assert shown == answer


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)
