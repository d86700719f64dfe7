"""Files in every separator, encoding and line end: what a program writes is read back equal."""

import codecs
import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from angidi.csvfiles import FileOptions, open_csv
from angidi.csvfiles.dialect import find_delimiter, find_dialect
from angidi.csvfiles.encoding import find_encoding
from angidi.csvfiles.guards import guard_apostrophes, guard_formula, take_guard
from angidi.csvfiles.reader import FIT_ALL

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16-le": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16-be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
}
PLAIN = st.characters(codec="utf-8", exclude_characters="\ufeff\0", exclude_categories=("Cs",))
WESTERN = st.characters(codec="cp1252", exclude_characters="\0")
HEADER = ["sku", "name of it", "note"]


def cells_of(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    """Return rows of three cells, none of which is a blank row."""
    row = st.lists(st.text(alphabet, max_size=20), min_size=3, max_size=3)
    return st.lists(row.filter(lambda cells: bool("".join(cells).strip())), min_size=1, max_size=8)


def written(rows: list[list[str]], delimiter: str, end: str, *, quotes_all: bool = True) -> str:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([HEADER, *rows])
    return out.getvalue()


def read(path: Path, options: FileOptions = FIT_ALL) -> list[list[str]]:
    with open_csv(path, options) as file:
        assert file.header == HEADER
        return [row.cells for row in file]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats") / "rows.csv"


@given(
    rows=cells_of(PLAIN),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    named=st.booleans(),
    packed=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_is_read_back(
    path: Path, rows: list[list[str]], delimiter: str, encoding: str, end: str, *, named: bool, packed: bool
) -> None:
    guarded = [[guard_apostrophes(cell) for cell in cells] for cells in rows]
    text = f"sep={delimiter}{end}" * named + written(guarded, delimiter, end)
    content = ENCODINGS[encoding](text)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read(path) == rows


@given(rows=cells_of(WESTERN), delimiter=st.sampled_from(",;\t|"))
@example(rows=[["a", "Löffel", "€ 5 – “groß”"]], delimiter=";")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_of_an_encoding_that_is_named_is_read_back(path: Path, rows: list[list[str]], delimiter: str) -> None:
    guarded = [[guard_formula(guard_apostrophes(cell)) for cell in cells] for cells in rows]
    path.write_bytes(written(guarded, delimiter, "\r\n").encode("cp1252"))
    assert read(path, FileOptions(delimiter, "cp1252")) == rows


@given(text=st.text(st.sampled_from("äöüßéñ"), min_size=1, max_size=10), padding=st.integers(0, 300_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_an_encoding_is_assumed_wherever_it_shows(path: Path, text: str, padding: int) -> None:
    rows = [["a", "x" * (padding % 1000), ""]] * (padding // 1000 + 1) + [["b", text, ""]]
    path.write_bytes(written(rows, ";", "\n").encode("cp1252"))
    with open_csv(path) as file:
        assert str(file.format) == "separator semicolon, Windows-1252 (assumed)"
    assert read(path) == rows


@given(st.lists(st.sampled_from(["a", "é", "\n", "\r", "\r\n"]), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_line_that_cannot_be_decoded_is_counted_like_any(path: Path, parts: list[str]) -> None:
    text = "é" * 40 + "".join(parts)
    path.write_bytes(text.encode() + b"\xff")
    ends = text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    with pytest.raises(Exception, match=f": line {ends + 1}: the byte 0xFF is not UTF-8, though"), open_csv(path):
        pass


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["Artikel;Preis, netto;Bestand\n", "A;7,50;3\n"], ";"),
        (["Artikel;Preis\n", "Tasse, groß;7,50\n"], ";"),
        (["sku,images (one; two)\n", "A,x;y;z\n"], ","),
        (['sku,"a;b;c;d"\n', "A,B\n"], ","),
        (["path\n", "Kitchen > Mugs\n"], ","),
        (["sku\tname, long\n", "A\tB\n"], "\t"),
        (["\n", "sku|name\n"], "|"),
        (["sku;name\n", 'A;"open\n'], ";"),
        ([], ","),
    ],
)
def test_the_separator_is_the_one_that_the_rows_agree_on(lines: list[str], delimiter: str) -> None:
    assert find_dialect(lines).delimiter == delimiter


@pytest.mark.parametrize("line", ["sep=;\n", '"sep=;"\r\n', "SEP=;\r", "sep=;,,,\n", "sep=;"])
def test_a_first_line_names_the_separator(line: str) -> None:
    assert find_dialect([line, "a,b,c;d\n"]) == (";", 1)
    assert find_dialect([line, "a,b,c;d\n"], "|") == ("|", 1)


def test_separators_and_encodings_have_names() -> None:
    assert [find_delimiter(name) for name in ("tab", r"\t", "Semicolon", "^", "", "::", '"')] == [
        "\t",
        "\t",
        ";",
        "^",
        None,
        None,
        None,
    ]
    assert [find_encoding(name) for name in ("UTF8", "windows-1252", "base64", "no", "a\0b")] == [
        "utf-8",
        "cp1252",
        None,
        None,
        None,
    ]


def test_lines_are_those_of_the_file_behind_a_line_that_names_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sep=;\n\nsku;name of it;note\n ; ;\na;b;c\nd;e;f;;\ng\n", encoding="utf-8")
    with open_csv(path) as file:
        rows = [(row.line, row.cells, bool(row.problem)) for row in file]
        assert file.header_line == 3
        assert [row.line for row in file.reopen()] == [5, 6, 7]
    assert rows == [(5, ["a", "b", "c"], False), (6, ["d", "e", "f"], False), (7, ["g"], True)]


@given(st.text(st.sampled_from("'=+-@\t\rab"), max_size=6))
def test_a_guard_is_taken_off_again(cell: str) -> None:
    assert take_guard(guard_apostrophes(cell)) == cell
    shown = guard_formula(guard_apostrophes(cell))
    assert take_guard(shown) == cell
    assert shown[:1] not in {*"=+-@\t\r"}


@pytest.mark.parametrize(("cell", "read"), [("'=1", "=1"), ("'47 Brand", "'47 Brand"), ("''-", "'-"), ("it's", "it's")])
def test_only_an_apostrophe_that_guards_is_taken_off(tmp_path: Path, cell: str, read: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"sku,name\na,{cell}\n", encoding="utf-8")
    with open_csv(path) as file:
        assert [row.cells[1] for row in file] == [read]
