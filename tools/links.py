"""Check of links in the project's Markdown, to files and headings: `python -m tools.links`."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

PROJECT = Path(__file__).parents[1]

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("https://", "http://", "mailto:")


def problems(path: Path, root: Path = PROJECT) -> Iterator[str]:
    """Yield the links in the file at `path` that lead nowhere."""
    for found in LINK.finditer(FENCE.sub("", path.read_text(encoding="utf-8"))):
        target, _, anchor = unquote(found["target"]).partition("#")
        if target.startswith(ELSEWHERE):
            continue
        there = (path.parent / target).resolve() if target else path
        if not there.exists():
            yield f"{path.relative_to(root)}: {found['target']} is no file"
        elif anchor and anchor not in anchors(there.read_text(encoding="utf-8")):
            yield f"{path.relative_to(root)}: {found['target']} is no heading there"


def anchors(text: str) -> set[str]:
    """Return the anchors that headings get, by GitHub's rule."""
    headings = (found["text"].lower() for found in HEADING.finditer(FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def pages() -> list[Path]:
    """Return the project's Markdown files."""
    return sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


def main() -> int:
    """Print every link that leads nowhere; return 1 where there is one."""
    found = [problem for path in pages() for problem in problems(path)]
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
