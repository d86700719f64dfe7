"""The tour in README.md: its commands are run as they stand, and answer what it shows."""

from collections.abc import Iterator
from pathlib import Path

from tests.support.documents import START, assert_shown, code_blocks, parsed, shell
from tests.support.serving import ROOT, Server, free_port

ADDRESS = "http://localhost:8080"


def blocks() -> Iterator[tuple[str, str]]:
    """Yield language and content of each block of code in the tour."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return code_blocks(readme.split("\n## A tour\n")[1].split("\n## ")[0])


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
    assert (starts, answers) == (2, 15)
