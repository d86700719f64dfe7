"""`angidi import`: files as other programs write them, categories by path, and the rows that are refused."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.support.files import write
from tests.support.roles import use_database
from tests.support.shop import rows
from tests.support.waiting import until

from angidi.cli.data.running import TEMPORARY
from angidi.cli.main import main

TREE = """
WITH RECURSIVE tree AS (
    SELECT id, name::text AS path, description FROM categories WHERE parent_id IS NULL
     UNION ALL
    SELECT child.id, tree.path || ' > ' || child.name, child.description
      FROM categories AS child JOIN tree ON tree.id = child.parent_id
)
SELECT path, description FROM tree ORDER BY path
"""
TAXONOMY = """# Categories of a shop
2 - Bowls, plates & cups > Cups
1 - Bowls, plates & cups

7 - Gifts > Cards > Birthday
"""


PRICE = "price: must be a number above 0, at most 99999999.99, with at most two decimals"


@pytest.fixture
def database(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the category Cups, which the settings name."""
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    with psycopg.connect(fresh_db) as conn:
        conn.execute(rows("categories", {"name": "Cups", "description": "To drink of"}))
    return fresh_db


def run(kind: str, *arguments: str | Path) -> Result:
    """Run an import that asks nothing."""
    quiet = ["--yes"] if kind == "products" else []
    return CliRunner().invoke(main, ["import", kind, *map(str, arguments), *quiet])


def summary(kind: str, *arguments: str | Path) -> tuple[int, int, int, int]:
    report = json.loads(run(kind, *arguments, "--json").stdout)
    return report["added"], report["changed"], report["unchanged"], len(report["refused"])


def tree(database: str) -> dict[str, str | None]:
    with psycopg.connect(database) as conn:
        return dict(conn.execute(TREE).fetchall())


def names(database: str) -> list[str]:
    with psycopg.connect(database) as conn:
        return [name for (name,) in conn.execute("SELECT name FROM products ORDER BY sku").fetchall()]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("sku;name;price;stock;category\r\nA-1;Löffel, groß;7.50;3;Cups\r\n;;;;\r\n".encode("cp1252"), []),
        ("sep=|\nsku|name|price|stock|category\nA-1|Löffel, groß|7.50|3|Cups\n".encode(), []),
        ("sku\tname\tprice\tstock\tcategory\r\nA-1\tLöffel, groß\t7.50\t3\tCups\r\n".encode("utf-16"), []),
        ('sku,name,price,stock,category\rA-1,"Löffel, groß",7.50,3,Cups\r'.encode(), []),
        (
            "sku^name^price^stock^category\nA-1^Löffel, groß^7.50^3^Cups\n".encode("cp850"),
            ["--delimiter", "^", "--encoding", "cp850"],
        ),
    ],
    ids=["Excel in German", "sep=", "Excel Unicode text", "old Mac", "forced"],
)
def test_a_file_goes_in_as_spreadsheets_write_it(
    database: str, tmp_path: Path, content: bytes, options: list[str]
) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    assert summary("products", path, *options) == (1, 0, 0, 0)
    assert summary("products", path, *options) == (0, 0, 1, 0)
    assert names(database) == ["Löffel, groß"]


@pytest.mark.usefixtures("database")
def test_an_encoding_that_is_assumed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes("sku,name,price,stock,category\nA-1,Löffel,7.50,3,Cups\n".encode("cp1252"))
    assert "Windows-1252 (assumed)" in run("products", path).stderr


@pytest.mark.parametrize(
    "option", [["--delimiter", "::"], ["--delimiter", '"'], ["--encoding", "base64"], ["--encoding", "no"]]
)
def test_a_format_that_makes_no_sense_is_wrong_usage(tmp_path: Path, option: str) -> None:
    assert run("products", write(tmp_path, "sku\n"), option).exit_code == 2


def test_categories_go_in_by_their_paths_in_any_order(database: str, tmp_path: Path) -> None:
    path = write(tmp_path, "path,description\nKitchen > Mugs >Large,Big ones\nCups > Small,\nKitchen,To cook\n")
    assert summary("categories", path) == (4, 0, 1, 0)
    stored = tree(database)
    assert stored["Kitchen > Mugs > Large"] == "Big ones"
    assert (stored["Kitchen"], stored["Kitchen > Mugs"]) == ("To cook", None)
    assert (stored["Cups"], stored["Cups > Small"]) == ("To drink of", None)
    assert summary("categories", path) == (0, 0, 5, 0)


def test_the_names_of_a_path_are_separated_as_one_says(database: str, tmp_path: Path) -> None:
    assert summary("categories", write(tmp_path, "Path\nGear/Watches\n"), "--category-separator", "/")[0] == 2
    assert "Gear > Watches" in tree(database)


def test_a_taxonomy_goes_in_as_it_is(database: str, tmp_path: Path) -> None:
    path = write(tmp_path, TAXONOMY)
    assert summary("categories", path) == (5, 0, 0, 0)
    assert "Bowls, plates & cups > Cups" in tree(database)
    assert "Gifts > Cards > Birthday" in tree(database)
    assert summary("categories", path) == (0, 0, 5, 0)
    without_ids = write(tmp_path, "Bowls, plates & cups > Cups\nGifts > Cards\n")
    assert summary("categories", without_ids) == (0, 0, 4, 0)


@pytest.mark.usefixtures("database")
def test_a_path_is_refused_for_its_names_its_depth_and_a_double(tmp_path: Path) -> None:
    deep = " > ".join(map(str, range(51)))
    path = write(tmp_path, f"path\nA > > B\n{'x' * 101} > B\n{deep}\nGifts\nGifts\n\n >\n")
    report = json.loads(run("categories", path, "--json").stdout)
    refused = {each["line"]: each["reasons"] for each in report["refused"]}
    assert {line: [reason["message"] for reason in reasons] for line, reasons in refused.items()} == {
        2: ["each name of it must be a text of 1 to 100 characters"],
        3: ["each name of it must be a text of 1 to 100 characters"],
        4: ["lies too deep: the tree may be at most 50 levels deep"],
        6: ["stands in line 5 already"],
        8: ["each name of it must be a text of 1 to 100 characters"],
    }
    assert {reason["column"] for reasons in refused.values() for reason in reasons} == {"path"}


@pytest.mark.usefixtures("database")
def test_a_file_of_no_categories_names_both_forms(tmp_path: Path) -> None:
    result = run("categories", write(tmp_path, "name,colour\nCups,red\n"))
    assert (
        "there is no column path, nor are there id, name and parent_id; the columns are: name, colour" in result.stderr
    )


@pytest.mark.usefixtures("database")
def test_rows_with_the_same_reason_are_one_line(tmp_path: Path) -> None:
    free = "".join(f"A-{number},Espresso cup,free,1,Cups\n" for number in range(40))
    result = run(
        "products", write(tmp_path, f"sku,name,price,stock,category\n{free}A-0,Mug,1,1,Cups\nA-1,Mug,1,1,Cups\n")
    )
    assert result.stderr.splitlines() == [
        f"40 rows: {PRICE} (lines 2, 3, 4, 5, 6, …)",
        "2 rows: sku: stands in line … already (lines 42, 43)",
    ]


@pytest.mark.usefixtures("database")
def test_very_many_reasons_are_cut_short(tmp_path: Path) -> None:
    unknown = "".join(f"{number},Shelf,room {number}\n" for number in range(50))
    result = run("categories", write(tmp_path, f"id,name,parent_id\n{unknown}"))
    lines = result.stderr.splitlines()
    assert len(lines) == 21
    assert lines[0] == "line 2: parent_id: names no row of the file: “room 0”"
    assert lines[-1] == "and 30 rows for other reasons; --refused FILE.csv and --json have them all"


@pytest.mark.parametrize("options", [[], ["--batch", "100"]])
def test_refused_rows_are_written_as_they_stand_and_can_be_mended_and_imported(
    database: str, tmp_path: Path, options: list[str]
) -> None:
    path, refused = tmp_path / "products.csv", tmp_path / "refused.csv"
    good = 'A-2;"Mug;\ntall";5;1;Cups;\n'
    text = f"sku;name;price;stock;category;colour\nA-1;Tée;free;1;Cups;red\n\n{good}A-3;Mug;1;Cups\n"
    path.write_bytes(text.encode("cp1252"))
    assert run("products", path, "--refused", refused, *options).exit_code == 3
    with refused.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.reader(file, delimiter=";"))
    assert [row[:-1] for row in written] == [
        ["sku", "name", "price", "stock", "category", "colour"],
        ["A-1", "Tée", "free", "1", "Cups", "red"],
        ["A-3", "Mug", "1", "Cups"],
    ]
    assert written[0][-1] == "reason"
    assert written[1][-1].startswith("price: must be a number")
    assert summary("products", refused) == (0, 0, 0, 2)
    mended = refused.read_text(encoding="utf-8-sig").replace("free", "2.50").replace("Mug;1;Cups;", "Mug;1;1;Cups;;")
    refused.write_text(mended, encoding="utf-8")
    again = tmp_path / "again.csv"
    result = run("products", refused, "--refused", again)
    assert (result.exit_code, result.stderr) == (0, "ignored columns: colour\n")
    assert again.read_bytes() == b"sku;name;price;stock;category;colour;reason\r\n"
    assert names(database) == ["Tée", "Mug; tall", "Mug"]


@pytest.mark.usefixtures("database")
def test_refused_lines_of_a_taxonomy_are_written_as_paths(tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    run("categories", write(tmp_path, "# Categories\n1 - Gifts\n2 - Gifts > > Cards\n"), "--refused", refused)
    assert refused.read_text(encoding="utf-8").splitlines()[1].startswith("Gifts > > Cards,path: each name")
    refused.write_text(refused.read_text(encoding="utf-8").replace("> >", ">"), encoding="utf-8")
    assert summary("categories", refused) == (1, 0, 1, 0)


def waiting(rows: int) -> str:
    """Return a command that gives a header and rows, and then waits."""
    text = "".join(f"A-{number},Cup {number},1,1,Cups\\n" for number in range(rows))
    return f"printf 'sku,name,price,stock,category\\n{text}'; exec sleep 60"


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.usefixtures("database")
def test_a_piped_import_that_is_interrupted_says_that_nothing_is_stored(times: int, tmp_path: Path) -> None:
    with (
        subprocess.Popen(["sh", "-c", waiting(3)], stdout=subprocess.PIPE) as source,
        subprocess.Popen(
            [sys.executable, "-m", "angidi", "import", "products", "-"],
            stdin=source.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(tmp_path)},
        ) as process,
    ):
        until(lambda: any(tmp_path.glob(TEMPORARY + "*/stdin")))
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        source.kill()
    assert (process.returncode, told) == (130, "interrupted: nothing is stored; the same command begins again\n")
