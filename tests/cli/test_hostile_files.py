"""`angidi import` with hostile files and options: each is refused on one line, and nothing of the user's is lost."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.roles import use_database

from angidi.cli.data.running import EXIT_SOME_REFUSED
from angidi.cli.main import main

HEADER = "sku,name,price,stock,category\n"


FOR_ENCODINGS = [
    b"sku,name,price,stock,category\nA-1,+2AA-,1,1,Books\nA-2,\\ud800,1,1,Books\n",
    b"\xff\xfes\0k\0u",
    b"\\x",
    b"sku,name,+2AA-\nA-1,+2AA-,+2AA-\n",
]
CONTENTS = [
    b"",
    b"\n\n\n",
    b"\0\0\0\0",
    b"sku,name\0,price\nA\0B,x,1\n",
    b'sku,name\n"A,b\n',
    b"\xff\xfes",
    b"\xff\xfes\0k",
    b"\x1f\x8b",
    b"\x1f\x8b\x08\0\0\0\0\0",
    b"sep=\n",
    b"sep=\0\nsku\0name\n",
    b"sep= \nsku name\nA-1 b\n",
    b"sep=\xc3\xa4\nsku\xc3\xa4name\n1\xc3\xa4abc\n",
    b"sep='\nsku'name\nA'b\n",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf\xef\xbb\xbfsku,name\nA-1,abc\n",
    b"sku,name,NAME\nA-1,abc,def\n",
    b"sku,name,na\xe2\x80\x8bme\nA-1,abc,def\n",
    b"sku,,,\nA,,,\n",
    b"sku,name\n" + b"A" * 2_000_000 + b",x\n",
    b"sku,name\nA-1," + b"a\r" * 100_000,
    b"sku,price\nA-1,1e9999\nA-2,1e-9999\nA-3,9e999999\n",
    b"sku,stock\nA-1,1e9999\nA-2,\xd9\xa3\nA-3,\xc2\xb2\n",
    b"sku,price\nA-1,\xd9\xa3\nA-2,\xc2\xb2\n",
    b"sku,category,name,price\nA-1," + b"a > " * 1200 + b"b,abc,1\n",
    b'sku,category,name,price\nA-1, >  > ,abc,1\nA-2,>,abc,1\nA-3,a > > b,abc,1\nA-4,"\xc2\xa0",abc,1\n',
    b"sku,name\n=cmd|'/c calc'!A0,abc\n",
    b"sku,reason\nA,b\n",
    b"path\n" + b">" * 4000 + b"\n",
    b"path\na > b > \n > a\n>\n",
    b"id,name,parent_id\n1,a,2\n2,b,1\n3,c,3\n\0,d,\n",
    b"1 - A > B\n2 - \n 3 - > \n",
    b"# x\n",
]


@pytest.fixture(autouse=True)
def database(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    return fresh_db


def run(kind: str, *arguments: str | Path) -> Result:
    quiet = ["--yes"] if kind == "products" else []
    return CliRunner().invoke(main, ["import", kind, *map(str, arguments), *quiet])


def is_explained(result: Result) -> bool:
    """Tell whether a command ended with an exit code of its own, and no traceback."""
    is_error = result.exception is not None and not isinstance(result.exception, SystemExit)
    return result.exit_code in (0, 1, 2, EXIT_SOME_REFUSED) and not is_error


def refused(result: Result) -> bool:
    return result.exit_code in (1, 2) and is_explained(result)


@pytest.mark.parametrize("kind", ["products", "categories"])
@pytest.mark.parametrize("through", ["itself", "symlink", "hardlink", "dotted"])
def test_the_file_of_refused_rows_is_never_the_imported_file(kind: str, through: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    content = HEADER + "A-1,Bowl,-1,1,Books\n" if kind == "products" else "id,name,parent_id\n1,,\n"
    file.write_text(content)
    other = {"itself": file, "dotted": tmp_path / "x" / ".." / "rows.csv"}.get(through, tmp_path / "other.csv")
    (tmp_path / "x").mkdir()
    if through == "symlink":
        other.symlink_to(file)
    if through == "hardlink":
        other.hardlink_to(file)
    result = run(kind, file, "--refused", other)
    assert refused(result)
    assert file.read_text() == content


@pytest.mark.parametrize(
    "text",
    [
        "columns = " + "[" * 100_000,
        "columns = " + "{a=" * 5_000,
        '[columns]\nsku = ["sku"]\ncategory = ["category"]\n[category]\nseparator = ""\n',
        '[columns]\nsku = ["sku"]\nname = ["name"]\n[columns.price]\nx = 1\n',
        '[columns]\nsku = [""]\n',
        '[columns]\nsku = ["sku"]\nname = ["\\uD800"]\n',
        '[columns]\nsku = ["sku"]\n[lists]\nsku = 1\n',
        "columns = 1\n",
        '[columns]\nsku = ["sku"]\nname = ["name"]\nx = 2026-13-45\n',
        "a\0b",
    ],
)
def test_a_hostile_mapping_is_refused(text: str, tmp_path: Path) -> None:
    file, mapping = tmp_path / "rows.csv", tmp_path / "mapping.toml"
    file.write_text(HEADER + "A-1,Bowl,1,1,Books\n")
    mapping.write_text(text)
    assert refused(run("products", file, "--mapping", mapping))


@pytest.mark.parametrize("kind", ["products", "categories"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-16", "rot13", "zlib", "\0"],
)
def test_no_encoding_ends_in_a_traceback(kind: str, encoding: str, tmp_path: Path) -> None:
    for content in FOR_ENCODINGS:
        (tmp_path / "rows.csv").write_bytes(content)
        result = run(kind, tmp_path / "rows.csv", "--encoding", encoding, "--refused", tmp_path / "refused.csv")
        assert is_explained(result), content


@pytest.mark.parametrize("kind", ["products", "categories"])
def test_no_file_ends_in_a_traceback(kind: str, tmp_path: Path) -> None:
    file, refused_file = tmp_path / "rows.csv", tmp_path / "refused.csv"
    more = ["--create-categories"] if kind == "products" else []
    for content in CONTENTS:
        file.write_bytes(content)
        result = run(kind, file, "--refused", refused_file, *more)
        assert is_explained(result), content
        if result.exit_code == EXIT_SOME_REFUSED:
            assert is_explained(run(kind, refused_file, *more)), content


def test_a_file_of_very_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    """To compare each with the words for our fields would take minutes."""
    file = tmp_path / "rows.csv"
    file.write_text(",".join(f"column number {i}" for i in range(40_000)) + "\n1\n")
    assert refused(run("products", file))
