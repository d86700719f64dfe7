"""The tour in README.md: its commands are run as they stand, and answer what it shows."""

import json
import os
import re
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from tests.support.serving import ROOT, Server, free_port

ADDRESS = "http://localhost:8080"
START = "make run"
END_OF_OUTPUT = "\x1e"
VARIES = "…"


def blocks() -> Iterator[tuple[str, str]]:
    """Yield language and content of each block of code in the tour."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tour = readme.split("\n## A tour\n")[1].split("\n## ")[0]
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", tour, re.MULTILINE | re.DOTALL):
        yield found[1], found[2].strip()


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
    """Fail unless `answer` is what the README shows, where it shows no ellipsis; fields stand in the same order."""
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
        assert re.fullmatch(".+".join(map(re.escape, shown.split(VARIES))), answer)
    else:
        assert shown == answer


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def test_the_tour_goes_as_the_readme_says(tmp_path: Path):
    home, port = tmp_path / "home", free_port()
    server: Server | None = None
    output = ""
    starts = answers = 0
    with shell(ANGIDI_HOME=str(home)) as terminal:
        try:
            for language, content in blocks():
                if content == START:
                    if server:
                        assert server.end() == 0, server.output
                    server = Server(home, port).wait()
                    starts += 1
                elif language == "sh":
                    output = terminal.run(content.replace(ADDRESS, f"http://127.0.0.1:{port}"))
                elif language == "json":
                    assert_shown(parsed(content), parsed(output))
                    answers += 1
                else:
                    assert_shown(content, output)
                    answers += 1
        finally:
            if server:
                server.end()
    assert (starts, answers) == (2, 11)
