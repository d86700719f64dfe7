"""`angidi export`: what is written where, and what a failure leaves."""

import csv
import gzip
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.support.roles import use_database

from angidi.cli.main import main
from angidi.products.csv_rows import STORED

HEADER = ",".join(STORED) + "\n"


@pytest.fixture
def database(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a product in Cups and one in Drinks > Tea, which the settings name."""
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    with psycopg.connect(fresh_db) as conn:
        conn.execute("INSERT INTO categories (name) VALUES ('Cups'), ('Drinks')")
        conn.execute("INSERT INTO categories (name, parent_id) SELECT 'Tea', id FROM categories WHERE name = 'Drinks'")
        conn.execute(
            "INSERT INTO products (sku, name, price, category_id) "
            "SELECT upper(name), name || ' of the house', 7.1, id FROM categories WHERE name <> 'Drinks'"
        )
    return fresh_db


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def skus(text: str) -> list[str]:
    header, *rows = text.splitlines()
    assert header + "\n" == HEADER
    return sorted(row.split(",")[0] for row in rows)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("to", [[], ["-"]])
def test_the_file_goes_to_standard_output_and_the_count_does_not(to: list[str]) -> None:
    result = run("products", *to)
    assert (result.exit_code, result.stderr) == (0, "2 products exported\n")
    assert skus(result.stdout) == ["CUPS", "TEA"]


@pytest.mark.usefixtures("database")
def test_one_product_is_one_product() -> None:
    assert run("products", "--category", "Drinks").stderr == "1 product exported\n"


@pytest.mark.usefixtures("database")
def test_a_file_is_written_and_gzipped_by_its_name(tmp_path: Path) -> None:
    plain, packed = tmp_path / "products.csv", tmp_path / "products.csv.gz"
    results = [run("products", path) for path in (plain, packed)]
    assert [(result.exit_code, result.stdout) for result in results] == [(0, ""), (0, "")]
    assert skus(plain.read_text()) == ["CUPS", "TEA"]
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["products.csv", "products.csv.gz"]


@pytest.mark.usefixtures("database")
def test_a_category_is_named_as_people_do_and_exported_with_all_below_it() -> None:
    assert skus(run("products", "--category", "Drinks").stdout) == ["TEA"]
    assert skus(run("products", "--category", "Drinks > Tea").stdout) == ["TEA"]
    result = run("products", "--category", "Drink")
    assert result.exit_code == 1
    assert "error: there is no category “Drink”; near it are:" in result.stderr


@pytest.mark.usefixtures("database")
def test_categories_are_exported_with_their_ids() -> None:
    result = run("categories")
    assert (result.exit_code, result.stderr) == (0, "3 categories exported\n")
    assert result.stdout.startswith("id,name,parent_id,description\n")
    assert [line.split(",")[1] for line in result.stdout.splitlines()[1:]].count("Tea") == 1


def test_a_failed_export_leaves_the_older_file_as_it_was(database: str, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("older")
    with psycopg.connect(database) as conn:
        conn.execute("ALTER TABLE products RENAME COLUMN image_url TO picture")
    assert run("products", path).exit_code == 1
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["products.csv"]


@pytest.mark.usefixtures("database")
def test_a_place_that_cannot_be_written_to_is_said() -> None:
    result = run("products", "/nowhere/products.csv")
    assert result.exit_code == 1
    assert "/nowhere/products.csv: No such file or directory" in result.stderr


@pytest.mark.usefixtures("database")
def test_a_reader_that_has_seen_enough_is_no_error_of_ours() -> None:
    script = f"{shlex.quote(sys.executable)} -m angidi export products | head -n 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout == HEADER
    assert "Traceback" not in done.stderr


FORMULAS = ["=1+1", "+49 30", "-20 % off", "@home", "'=1", "''@x", "'47 Brand", "it's", "\u00fcber"]


@pytest.fixture
def formulas(database: str) -> str:
    """The database with products and categories whose texts a spreadsheet would compute, or that are close to it."""
    with psycopg.connect(database) as conn:
        for text in FORMULAS:
            conn.execute(
                "INSERT INTO categories (name, description) VALUES (%(text)s::text, %(text)s::text)", {"text": text}
            )
            conn.execute(
                "INSERT INTO products (sku, name, description, price, category_id) "
                "SELECT %(text)s::text, %(text)s::text || ' of the house', %(text)s::text, 7.1, id "
                "FROM categories WHERE name = 'Cups'",
                {"text": text},
            )
    return database


@pytest.mark.usefixtures("formulas")
@pytest.mark.parametrize("options", [[], ["--excel"]])
@pytest.mark.parametrize("kind", ["categories", "products"])
def test_an_export_that_is_imported_changes_nothing(tmp_path: Path, kind: str, options: list[str]) -> None:
    path = tmp_path / "export.csv"
    run(kind, path, *options)
    result = CliRunner().invoke(main, ["import", kind, str(path), "--json"])
    report = json.loads(result.stdout)
    assert (report["added"], report["changed"], report["refused"]) == (0, 0, [])


@pytest.mark.usefixtures("formulas")
def test_a_spreadsheet_gets_a_mark_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    run("products", path, "--excel")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfsku,")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert {row["price"] for row in rows} == {"7.10"}
    assert "'=1+1" in {row["sku"] for row in rows}
