"""Write the pages; with `--check` only compare them, and fail where one is not up to date."""

import sys
from pathlib import Path

from tools.reference import PAGES

PROJECT = Path(__file__).parents[2]


def main() -> int:
    """Return 1 where a page is not what the code says."""
    checking = sys.argv[1:] == ["--check"]
    stale: list[str] = []
    for name, make in PAGES.items():
        path, text = PROJECT / name, make()
        if checking and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(f"{name}: is not what the code says: run `make docs`")
        elif not checking:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    print(*stale, sep="\n", end="\n" if stale else "")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
