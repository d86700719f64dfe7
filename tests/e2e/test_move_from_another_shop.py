"""The page on moving from another shop, replayed: from the export of each system to the products of the API."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.documents import assert_shown, code_blocks, parsed, shell
from tests.support.serving import ROOT, Server, free_port

ADDRESS = "http://localhost:8080"
PAGE = ROOT / "docs" / "how-to" / "move-from-another-shop.md"
MOST_COMMANDS = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path, int]]:
    home, port = tmp_path_factory.mktemp("home"), free_port()
    server = Server(home, port).wait()
    yield server, home, port
    server.end()


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.long
@pytest.mark.parametrize("title", ["WooCommerce", "Shopify", "Magento"])
def test_an_export_comes_in_as_the_page_says(title: str, server: tuple[Server, Path, int], tmp_path: Path) -> None:
    _, home, port = server
    text = section(title)
    (name,) = set(re.findall(r"`(\w+\.csv)`", text))
    output, commands, answers = "", 0, 0
    with shell(ANGIDI_HOME=str(home)) as terminal:
        for language, content in code_blocks(text):
            if language == "csv":
                (tmp_path / name).write_text(content + "\n", encoding="utf-8")
            elif language == "sh":
                commands += len(content.splitlines())
                command = content.replace(ADDRESS, f"http://127.0.0.1:{port}").replace(
                    f" {name}", f" {tmp_path / name}"
                )
                output = terminal.run(command)
            else:
                assert_shown(parsed(content), parsed(output.splitlines()[-1]))
                answers += 1
    assert answers == 1
    assert commands <= MOST_COMMANDS
