"""Files for imports: made by the test, and the real ones where they lie beside the project."""

from pathlib import Path

import pytest

from angidi.csvfiles import Columns, Refused, open_rows

REAL = Path(__file__).parents[3] / "shared" / "data"
with_real_files = pytest.mark.skipif(not REAL.is_dir(), reason="the real data, ../shared/data, is not there")

SHOP_FILES = REAL / "shop-files"
with_shop_files = pytest.mark.skipif(
    not SHOP_FILES.is_dir(), reason="the shop files, ../shared/data/shop-files, are not there"
)


class Report:
    """Collects what an import refuses, each reason as `column: message`, by line."""

    def __init__(self) -> None:
        self.refused: dict[int, list[str]] = {}

    def __call__(self, refused: Refused) -> None:
        self.refused[refused.line] = [str(reason) for reason in refused.reasons]


def write(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(path: Path, columns: Columns) -> list[tuple[int, dict[str, str]]]:
    """Return lines and cells of a file."""
    with open_rows(path, columns) as file:
        return [(row.line, row.cells) for row in file]
