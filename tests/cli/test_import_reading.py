"""`angidi import products`: what it says of a file before it imports it, what it proposes, and when it asks."""

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.support.files import write
from tests.support.roles import use_database
from tests.support.shop import rows

from angidi.cli.main import main
from angidi.products.imports.reading.mapping import mapping_names, mapping_text

OWN = "sku,name,price,stock,category\nA-1,Cup,7.10,3,Cups\nA-2,X,1,1,Cups\nA-3,Mug,5,,Cups\n"
WOOCOMMERCE = "SKU,Name,Regular price,Stock,Categories,Parent,Visibility in catalog\nA-1,Cup,7.10,3,Cups,,visible\n"
SYSTEMS = {
    "woocommerce": "ID,Type,SKU,Name,Published,Visibility in catalog,Regular price,Parent",
    "shopify": "Handle,Title,Variant SKU,Variant Price,Option1 Value",
    "magento": "sku,store_view_code,attribute_set_code,product_type,name,product_online,price,qty",
}


@pytest.fixture(autouse=True)
def database(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the category Cups, which the settings name."""
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    monkeypatch.setattr(sys, "argv", ["angidi"])
    monkeypatch.setenv("PATH", "")
    with psycopg.connect(fresh_db) as conn:
        conn.execute(rows("categories", {"name": "Cups"}))
    return fresh_db


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def skus(database: str) -> list[str]:
    with psycopg.connect(database) as conn:
        return [sku for (sku,) in conn.execute("SELECT sku FROM products ORDER BY sku").fetchall()]


def test_without_an_option_it_shows_how_the_file_is_read_and_the_first_rows(tmp_path: Path) -> None:
    result = run("products", write(tmp_path, OWN))
    assert result.exit_code == 3
    assert result.stderr.splitlines()[:3] == [
        "read with separator comma, UTF-8, decimal point; columns: sku, name, price, stock, category",
        "  line 2: sku A-1, name Cup, price 7.10, stock 3, category Cups",
        "  line 4: sku A-3, name Mug, price 5.00, category Cups",
    ]


@pytest.mark.parametrize("options", [["--yes"], ["--map", "sku=sku"], ["--json"], ["--resume"]])
def test_with_these_options_it_does_not(tmp_path: Path, options: list[str]) -> None:
    assert "read with" not in run("products", write(tmp_path, OWN), *options).stderr


@pytest.mark.parametrize(("answer", "exit_code", "stored"), [("\n", 3, ["A-1", "A-3"]), ("n\n", 1, [])])
def test_on_a_terminal_it_asks(database: str, tmp_path: Path, answer: str, exit_code: int, stored: list[str]) -> None:
    ours, terminal = pty.openpty()
    command = [sys.executable, "-m", "angidi", "import", "products", str(write(tmp_path, OWN))]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal) as process:
        shown = ""
        while "[Y/n]" not in shown:
            shown += os.read(ours, 1 << 16).decode()
        os.write(ours, answer.encode())
        assert process.wait(60) == exit_code
    os.close(terminal)
    os.close(ours)
    assert "line 2: sku A-1" in shown
    assert skus(database) == stored


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_file_of_another_system_is_recognized_and_nothing_stored(database: str, tmp_path: Path, system: str) -> None:
    path = write(tmp_path, SYSTEMS[system] + "\n", "an export.csv")
    result = run("products", path, "--default-category", "Cups")
    assert result.exit_code == 1
    proposal = f"angidi import products {shlex.quote(str(path))} --default-category Cups --from {system}"
    assert result.stderr.splitlines()[-1].endswith(proposal)
    assert skus(database) == []
    assert sorted(SYSTEMS) == mapping_names()


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        (
            "Artikelnummer,Bezeichnung,Preis,Bestand,Farbe",
            "sku=Artikelnummer name=Bezeichnung price=Preis stock=Bestand",
        ),
        ("Référence,Désignation,Prix TTC,Quantité", "sku=Référence name=Désignation 'price=Prix TTC' stock=Quantité"),
        ("Item Number,Titel,Prices,On hand", "'sku=Item Number' name=Titel price=Prices 'stock=On hand'"),
        ("name,stock code,price", "'sku=stock code'"),
    ],
)
def test_missing_columns_are_proposed_with_the_exact_command(tmp_path: Path, header: str, proposed: str) -> None:
    path = write(tmp_path, header + "\n")
    result = run("products", path)
    assert result.exit_code == 1
    flags = " ".join(f"--map {each}" for each in shlex.split(proposed)) if "'" not in proposed else None
    command = result.stderr.splitlines()[-1].strip()
    words = shlex.split(command)
    assert words[1:4] == ["import", "products", str(path)]
    assert words[4:] == [part for each in shlex.split(proposed) for part in ("--map", each)]
    assert flags is None or command.endswith(flags)


def test_the_proposed_command_imports_the_file(database: str, tmp_path: Path) -> None:
    path = write(tmp_path, "Artikel-Nr,Titel,VK-Preis,Warengruppe\nA-1,Tasse,7.10,Cups\n")
    words = shlex.split(run("products", path).stderr.splitlines()[-1])
    assert run(*words[2:]).exit_code == 0
    assert skus(database) == ["A-1"]


def test_a_proposed_column_replaces_the_wrong_one(tmp_path: Path) -> None:
    path = write(tmp_path, "Artikel-Nr,Titel\nA-1,Tasse\n")
    command = run("products", path, "--map", "sku=Foo").stderr.splitlines()[-1]
    assert shlex.split(command)[4:] == ["--map", "sku=Artikel-Nr", "--map", "name=Titel"]


def test_a_column_of_skus_that_no_name_tells_is_left_to_the_user(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,Variant Price\nCup,3\n")
    command = run("products", path).stderr.splitlines()[-1]
    assert shlex.split(command)[4:] == ["--map", "sku=COLUMN", "--map", "price=Variant Price"]


@pytest.mark.parametrize("header", ["path,description", "id,name,parent_id", "# Google_Product_Taxonomy_Version"])
def test_a_file_of_categories_is_sent_to_its_command(tmp_path: Path, header: str) -> None:
    path = write(tmp_path, f"{header}\n")
    command = run("products", path).stderr.splitlines()[-1]
    assert shlex.split(command)[1:] == ["import", "categories", str(path)]


def test_many_columns_are_not_all_named(tmp_path: Path) -> None:
    result = run("products", write(tmp_path, ",".join(f"c{n}" for n in range(50)) + "\n"))
    assert "c0, c1, c2, c3, c4, c5, c6, c7 and 42 more" in result.stderr


def test_an_ignored_column_that_may_be_meant_is_proposed(tmp_path: Path) -> None:
    result = run("products", write(tmp_path, "sku,Title,price,Bestand\nA-1,Cup,1,2\n"), "--yes")
    assert "ignored columns: Title, Bestand" in result.stderr
    assert "Perhaps name is “Title”, stock is “Bestand”. If so, run:" in result.stderr


def test_a_column_that_is_named_must_be_there(tmp_path: Path) -> None:
    path = write(tmp_path, OWN)
    result = run("products", path, "--map", "name=Title")
    assert (result.exit_code, "there is no column “Title”" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "weight=Weight"], "there is no field “weight”"),
        (["--map", "name"], "is not of the form field=Column"),
        (["--from", "shop"], "there are magento, shopify, woocommerce"),
        (["--from", "shopify", "--mapping", "MAPPING"], "exclude each other"),
        (["--mapping", "MAPPING"], "mapping.toml: there is no field “colour”"),
    ],
)
def test_an_option_that_is_wrong_is_told(tmp_path: Path, options: list[str], message: str) -> None:
    mapping = write(tmp_path, '[columns]\nsku = ["a"]\ncolour = ["b"]\n', "mapping.toml")
    result = run("products", write(tmp_path, OWN), *[str(mapping) if each == "MAPPING" else each for each in options])
    assert result.exit_code in {1, 2}
    assert message in result.stderr


def test_a_mapping_that_is_shown_can_be_changed_and_used(database: str, tmp_path: Path) -> None:
    shown = run("mappings", "woocommerce").stdout
    assert shown == mapping_text("woocommerce")
    mapping = write(
        tmp_path, shown.replace('price = ["Regular price"]', 'price = ["Cost", "Regular price"]'), "ours.toml"
    )
    file = write(tmp_path, WOOCOMMERCE.replace("Regular price", "COST "))
    assert run("products", file, "--mapping", mapping, "--map", "sku=SKU").exit_code == 0
    assert skus(database) == ["A-1"]


def test_the_mappings_are_listed() -> None:
    lines = run("mappings").stdout.splitlines()
    assert [line.split()[0] for line in lines] == mapping_names()
    assert run("mappings", "none").exit_code == 2


def test_a_resumed_import_by_other_options_begins_anew(database: str, tmp_path: Path) -> None:
    path = write(tmp_path, "sku,name,price,stock,category\n" + "".join(f"{n},Cup,1,1,Cups\n" for n in range(200)))
    assert run("products", path, "--batch", "100").exit_code == 0
    with psycopg.connect(database) as conn:
        conn.execute("ALTER TABLE products ADD CONSTRAINT stop CHECK (sku <> '150' OR stock = 1)")
    changed = write(tmp_path, path.read_text().replace("Cup,1,1", "Cup,1,2"))
    assert run("products", changed, "--batch", "100").exit_code != 0
    with psycopg.connect(database) as conn:
        conn.execute("ALTER TABLE products DROP CONSTRAINT stop")
    assert "nothing to resume" in run("products", changed, "--resume", "--only-existing").stderr
    assert "resumed: the rows up to line 101" in run("products", changed, "--resume").stderr
