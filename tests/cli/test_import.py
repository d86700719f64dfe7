"""`angidi import`: what stands on which output, and the exit code."""

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.support.files import REAL, with_real_files, write
from tests.support.roles import use_database
from tests.support.shop import rows

from angidi.cli.main import main

PRODUCTS = "sku,name,price,stock,size\nA-1,Espresso cup,7.10,3,80\nA-2,X,free,1,90\nA-3,Mug,5,0,300\n"
CATEGORIES = "id,name,parent_id\na,Cups,\nb,Mugs,x\n"


@pytest.fixture
def database(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the category Cups, which the settings name."""
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    with psycopg.connect(fresh_db) as conn:
        conn.execute(rows("categories", {"name": "Cups"}))
    return fresh_db


def run(*arguments: str | Path) -> Result:
    """Run an import that asks nothing."""
    quiet = ["--yes"] if arguments[0] == "products" else []
    return CliRunner().invoke(main, ["import", *map(str, arguments), *quiet])


def counts(result: Result) -> list[str]:
    """Return the figures of the summary, which is all of standard output."""
    header, figures = [
        [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]
        for line in result.stdout.splitlines()
        if "│" in line or "┃" in line
    ]
    assert header == ["added", "changed", "unchanged", "refused"]
    return figures


def stored(database: str) -> int:
    with psycopg.connect(database) as conn:
        row = conn.execute("SELECT count(*) FROM products").fetchone()
    return row[0] if row else 0


def test_products_go_in_refused_rows_are_reported_and_the_exit_code_tells(database: str, tmp_path: Path) -> None:
    result = run("products", write(tmp_path, PRODUCTS), "--default-category", "Cups")
    assert result.exit_code == 3
    assert counts(result) == ["2", "0", "0", "1"]
    assert result.stderr == (
        "ignored columns: size\n"
        "line 3: name: must be a text of 3 to 255 characters; "
        "price: must be a number above 0, at most 99999999.99, with at most two decimals\n"
    )
    assert stored(database) == 2


def test_a_file_without_a_bad_row_ends_with_0_and_a_second_run_changes_nothing(database: str, tmp_path: Path) -> None:
    path = write(tmp_path, "sku,name,price,stock,category\nA-1,Espresso cup,7.10,3,Cups\n")
    first, second = run("products", path), run("products", path)
    assert (first.exit_code, counts(first), first.stderr) == (0, ["1", "0", "0", "0"], "")
    assert (second.exit_code, counts(second), second.stderr) == (0, ["0", "0", "1", "0"], "")
    assert stored(database) == 1


def test_stocks_are_added_if_asked_for_and_the_report_says_so(database: str, tmp_path: Path) -> None:
    run("products", write(tmp_path, PRODUCTS), "--default-category", "Cups")
    path = write(tmp_path, "sku,stock\nA-1,-2\nA-3,-1\n", "delivery.csv")
    report = run("products", path, "--stock", "add", "--dry-run", "--json")
    assert (report.exit_code, json.loads(report.stdout)["stock"]) == (3, "add")
    result = run("products", path, "--stock", "add")
    assert (result.exit_code, result.stderr) == (3, "line 3: stock: makes the stock negative: 0 left\n")
    assert "stock: add" in result.stdout
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT sku, stock FROM products ORDER BY sku").fetchall() == [("A-1", 1), ("A-3", 0)]


def test_json_is_one_object_and_all_of_standard_output(database: str, tmp_path: Path) -> None:
    result = run("products", write(tmp_path, PRODUCTS), "--default-category", "Cups", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "refused": [
            {
                "line": 3,
                "reasons": [
                    {"column": "name", "message": "must be a text of 3 to 255 characters"},
                    {
                        "column": "price",
                        "message": "must be a number above 0, at most 99999999.99, with at most two decimals",
                    },
                ],
            }
        ],
        "passed_over": {},
        "warnings": [],
        "unknown_categories": [],
        "created_categories": [],
        "stock": "set",
    }
    assert result.stderr == "ignored columns: size\n"
    assert stored(database) == 2


def test_a_dry_run_says_so_and_stores_nothing(database: str, tmp_path: Path) -> None:
    result = run("products", write(tmp_path, PRODUCTS), "--default-category", "Cups", "--dry-run")
    assert result.exit_code == 3
    assert "nothing is stored" in result.stdout
    assert counts(result) == ["2", "0", "0", "1"]
    assert stored(database) == 0


@pytest.mark.usefixtures("database")
def test_categories_go_in(tmp_path: Path) -> None:
    result = run("categories", write(tmp_path, CATEGORIES))
    assert (result.exit_code, counts(result)) == (3, ["0", "0", "1", "1"])
    assert result.stderr == "line 3: parent_id: names no row of the file: “x”\n"
    result = run("categories", write(tmp_path, CATEGORIES.replace("x", "a")))
    assert (result.exit_code, counts(result)) == (0, ["1", "0", "1", "0"])


def test_a_gzipped_file_goes_in(database: str, tmp_path: Path) -> None:
    path = tmp_path / "products.csv.gz"
    path.write_bytes(gzip.compress(PRODUCTS.encode()))
    assert counts(run("products", path, "--default-category", "Cups")) == ["2", "0", "0", "1"]
    assert stored(database) == 2


@pytest.mark.parametrize(
    ("text", "category", "message"),
    [
        ("", "Cups", "error: rows.csv: The file is empty; its first line must name the columns"),
        (
            "name,cost\n",
            "Cups",
            "error: rows.csv: line 1: there is no column “sku”, by which products are matched; the ",
        ),
        (PRODUCTS, "Cubs", "error: there is no category “Cubs”; near it are:\nerror: Cups ("),
        (PRODUCTS + 'A-4,"open', "Cups", "error: rows.csv: line 5: a quotation mark that opens here is never closed"),
    ],
    ids=["empty", "no column", "unknown category", "broken"],
)
def test_what_stops_an_import_is_said_and_nothing_is_stored(
    database: str, tmp_path: Path, text: str, category: str, message: str
) -> None:
    path = write(tmp_path, text)
    result = run("products", path, "--default-category", category)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stdout == ""
    assert stored(database) == 0
    as_json = run("products", path, "--default-category", category, "--json")
    assert (as_json.exit_code, as_json.stderr) == (1, result.stderr)
    told: str = json.loads(as_json.stdout)["error"]
    assert message.removeprefix("error: ").replace("\nerror: ", "\n") in told


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("options", [[], ["--batch", "100"]])
def test_standard_input_goes_in(database: str, options: list[str], packed: bool) -> None:
    content = gzip.compress(PRODUCTS.encode()) if packed else PRODUCTS.encode()
    arguments = ["import", "products", "-", "--default-category", "Cups", *options]
    result = CliRunner().invoke(main, arguments, input=content)
    assert (result.exit_code, counts(result)) == (3, ["2", "0", "0", "1"])
    assert stored(database) == 2


@pytest.mark.usefixtures("database")
def test_what_is_wrong_with_standard_input_is_told_by_its_name() -> None:
    result = CliRunner().invoke(main, ["import", "products", "-"], input="sku\n")
    assert result.stderr.startswith("error: stdin: line 1: besides the SKU there is no column of a product")


def test_standard_input_that_is_closed_is_told() -> None:
    closed = ["sh", "-c", 'exec "$0" -m angidi import products - <&-', sys.executable]
    result = subprocess.run(closed, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (1, "Error: standard input is closed\n")


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = run("products", tmp_path / "rows.csv")
    assert result.exit_code == 2
    assert "rows.csv' does not exist" in result.stderr


def test_a_terminal_shows_how_far_the_file_is_read(database: str, tmp_path: Path) -> None:
    path = write(tmp_path, "sku,name,price,stock\n" + "".join(f"{n},Cup {n},1,1\n" for n in range(2000)))
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "angidi", "import", "products", str(path), "--default-category", "Cups", "--json"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=environment, check=True)
    os.close(terminal)
    shown = os.read(reader, 1 << 20).decode()
    os.close(reader)
    assert json.loads(done.stdout)["added"] == stored(database) == 2000
    assert "storing" in shown
    assert "kB" in shown


@with_real_files
def test_the_files_of_real_shops_go_in_and_a_second_run_changes_nothing(database: str) -> None:
    categories = ["categories", REAL / "store-categories.csv"]
    products = ["products", REAL / "online-retail-products.csv", "--default-category", "Gift Ideas"]
    first = [run(*categories), run(*products)]
    assert [counts(each) for each in first] == [["4,202", "0", "0", "382"], ["3,748", "0", "0", "322"]]
    assert all(len(each.stderr.splitlines()) <= 21 for each in first)
    assert [counts(run(*each)) for each in (categories, products)] == [
        ["0", "0", "4,202", "382"],
        ["0", "0", "3,748", "322"],
    ]
    assert stored(database) == 3748


@pytest.mark.usefixtures("database")
def test_what_a_file_says_cannot_forge_a_line_or_steer_the_terminal(tmp_path: Path) -> None:
    header = "sku,name,price,stock,category,\x1b]0;title\x07\n"
    path = write(tmp_path, header + 'A-1,Espresso cup,7.10,3,"No\x1b[2J\nline 9: forged",\n')
    result = run("products", path)
    assert result.stderr.splitlines() == [
        r"ignored columns: \x1b]0;title\x07",
        r"line 2: category: names no category: “No\x1b[2J line 9: forged”",
        "unknown categories, which --create-categories creates:",
        r"  No\x1b[2J line 9: forged (1 row)",
    ]
