"""CSV files as they come: line numbers, encodings, and what is no CSV at all."""

import gzip
from pathlib import Path

import pytest
from tests.support.files import rows_of, write

from angidi.csvfiles import Columns, FileRefused, encoding, open_rows
from angidi.csvfiles.encoding import LINE_LIMIT

KNOWN = Columns(required=("sku", "name"), optional=("note",))
A_AND_B = [(2, {"sku": "a", "name": "A"}), (3, {"sku": "b", "name": "B"})]


@pytest.mark.parametrize(
    "text",
    [
        "sku,name\na,A\nb,B\n",
        "sku,name\na,A\nb,B",
        "sku,name\r\na,A\r\nb,B\r\n",
        "\ufeffsku,name\na,A\nb,B\n",
        " SKU ,Name\na,A\nb,B\n",
        'sku,"name"\n"a","A"\nb,B\n',
        "name,other,sku\nA,1,a\nB,2,b\n",
    ],
    ids=["LF", "no LF at the end", "CRLF", "BOM", "other case", "quoted", "other order"],
)
def test_rows_come_whatever_the_dialect(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.csv").write_bytes(text.encode())
    assert rows_of(tmp_path / "rows.csv", KNOWN) == A_AND_B


def test_a_gzipped_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(gzip.compress(b"sku,name\na,A\nb,B\n"))
    assert rows_of(path, KNOWN) == A_AND_B


def test_a_line_number_is_that_of_the_first_line_of_a_row(tmp_path: Path) -> None:
    path = write(tmp_path, 'sku,name\na,"one\ntwo\nthree"\n\n\nb,B\n')
    assert rows_of(path, KNOWN) == [(2, {"sku": "a", "name": "one\ntwo\nthree"}), (7, {"sku": "b", "name": "B"})]


def test_unknown_columns_are_ignored_and_listed(tmp_path: Path) -> None:
    with open_rows(write(tmp_path, "sku,colour,name,size,note\na,red,A,4,x\n"), KNOWN) as file:
        assert file.ignored == ["colour", "size"]
        assert file.columns == {"sku", "name", "note"}
        assert [row.cells for row in file] == [{"sku": "a", "name": "A", "note": "x"}]


def test_a_file_of_a_header_only_has_no_rows(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path, "sku,name\n"), KNOWN) == []


@pytest.mark.parametrize("row", ["a", "a,A,3,4"])
def test_a_row_that_does_not_fit_the_header_is_told_apart_and_blames_no_column(tmp_path: Path, row: str) -> None:
    with open_rows(write(tmp_path, f"sku,name,note\n{row}\n"), KNOWN) as file:
        (found,) = file
    assert found.problem is not None
    assert found.problem.column is None
    assert str(found.problem) == f"the row has {row.count(',') + 1} cells and the header 3; is a comma not quoted?"
    assert found.cells == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "rows.csv: The file is empty; its first line must name the columns"),
        (
            b"sku;title\na;A\n",
            "no column name; the columns are: sku, title (read with separator semicolon, UTF-8; --delim",
        ),
        (b"name,sku,name\n", "line 1: a column stands there twice: name"),
        ("sku,name\nä,Ä\nb,".encode() + b"caf\xe9\n", "line 3: the byte 0xE9 is not UTF-8, though most of the file is"),
        (b"sku,name\na,\x81\n", "line 2: the byte 0x81 is not Windows-1252, nor is the file UTF-8"),
        ("sku,name\n".encode("utf-16-le"), "try --encoding utf-16-le"),
        (b'sku,name\na,A\nb,"B\nc,C\n', "line 3: a quotation mark that opens here is never closed"),
        (b'sku,name\na,"A"x\n', "line 2: a quotation mark within a quoted cell is not doubled"),
        (b"sku,name\na," + b"x" * LINE_LIMIT, "line 2 is longer than 1,048,576 characters"),
        (b"sku,name\na," + b"x" * 200_000, "line 2: a cell is longer than 131,072 characters"),
        (gzip.compress(b"sku,name\n" + bytes(9000))[:-9], "The gzipped file is cut off"),
        (gzip.compress(b"sku,name\n")[:-8] + bytes(8), "The gzipped file is damaged"),
        (b"PK\x03\x04", "This is a workbook or an archive"),
    ],
    ids=[
        "empty",
        "no column",
        "twice",
        "broken UTF-8",
        "no encoding",
        "UTF-16 without BOM",
        "open quote",
        "quote inside",
        "endless",
        "long cell",
        "cut gzip",
        "broken gzip",
        "workbook",
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        rows_of(tmp_path / "rows.csv", KNOWN)
    assert message in str(refused.value)


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with (
        pytest.raises(FileRefused, match=r"rows\.csv: No such file or directory"),
        open_rows(tmp_path / "rows.csv", KNOWN),
    ):
        pass


def test_who_watches_is_told_how_far_the_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "sku,name\n" + "a,A\n" * 100_000)
    told: list[int] = []

    def watch(position: int, line: int) -> None:
        told.append(position)
        assert line <= 100_001

    with open_rows(path, KNOWN, watch=watch) as file:
        assert sum(1 for _ in file) == 100_000
    assert told == sorted(told)
    assert 100 < len(told) < 300
    assert told[-1] == path.stat().st_size


def test_a_header_of_very_many_columns_is_read(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(50_000))
    with open_rows(write(tmp_path, f"sku,name,{names}\n"), KNOWN) as file:
        assert len(file.ignored) == 50_000


def test_a_million_apostrophes_are_read_at_once(tmp_path: Path) -> None:
    """A search for a guard in a run of them would take hours."""
    cell = "'" * 100_000
    (tmp_path / "rows.csv").write_text("sku,name\n" + f"{cell},A\n" * 20)
    with open_rows(tmp_path / "rows.csv", KNOWN) as rows:
        assert [row.cells["sku"] for row in rows] == [cell] * 20


def test_a_gzipped_file_that_holds_far_more_than_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "UNPACKED_ALLOWANCE", 1 << 20)
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"sku,name\n" + b"\n" * (2 << 20)))
    with pytest.raises(FileRefused, match="holds more than 200 times its size"), open_rows(path, KNOWN):
        pass
    path.write_bytes(gzip.compress(b"sku,name\n" + b"\n" * (1 << 19) + b"a,A\n"))
    assert rows_of(path, KNOWN) == [(2 + (1 << 19), {"sku": "a", "name": "A"})]


@pytest.mark.parametrize("blank", ["\n", " \n", ",\n"])
def test_more_blank_rows_than_a_spreadsheet_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: str
) -> None:
    monkeypatch.setattr(encoding, "MAX_BLANK_ROWS", 10)
    assert rows_of(write(tmp_path, f"{blank * 5}sku,name\na,A\n{blank * 10}b,B\n"), KNOWN) == [
        (7, {"sku": "a", "name": "A"}),
        (18, {"sku": "b", "name": "B"}),
    ]
    with pytest.raises(FileRefused, match=r"line 13: there are more than 10 blank rows; remove them"):
        rows_of(write(tmp_path, f"sku,name\na,A\n{blank * 11}b,B\n"), KNOWN)
