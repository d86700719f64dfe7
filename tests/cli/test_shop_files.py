"""Files as other shops and spreadsheets write them: what is stored, passed over and refused, and a second run."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.support.files import SHOP_FILES, with_shop_files
from tests.support.roles import use_database
from tests.support.shop import rows

from angidi.cli.main import main

PRODUCTS = """
WITH RECURSIVE paths AS (
    SELECT id, name::text AS path FROM categories WHERE parent_id IS NULL
     UNION ALL
    SELECT child.id, paths.path || ' > ' || child.name
      FROM categories AS child JOIN paths ON paths.id = child.parent_id
)
SELECT sku, products.name, price, stock, path
  FROM products JOIN paths ON paths.id = category_id
 ORDER BY sku
"""
KNOWN = ("Electronics", "Clothing", "Books", "Home & Garden", "Sports")
"""The categories of every database."""

WOOCOMMERCE = """\ufeffID,Type,SKU,Name,Published,Visibility in catalog,Description,Stock,Sale price,Regular price,\
Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s)
1,simple,POT-1,Tea pot,1,visible,Glass &amp; <b>steel</b>,6,,19.90,"Kitchen > Pots, Sale",\
"https://img.shop.example/1.jpg, https://img.shop.example/2.jpg",,,
2,variable,SHIRT,Shirt,1,visible,Cotton,,,,Clothes > Shirts,https://img.shop.example/3.jpg,,Colour,"Red, Green"
3,variation,SHIRT-R,Shirt - Red,1,visible,,4,10.00,12.00,,,SHIRT,Colour,Red
4,"variation, virtual",SHIRT-G,Shirt,1,visible,,,,12.00,,https://img.shop.example/4.jpg,id:2,Colour,Green
5,grouped,SET,All for tea,1,visible,,,,,Tea,,,,
6,simple,,Voucher,0,visible,,,,25,Vouchers,,,,
"""
SHOPIFY = """Handle,Title,Body (HTML),Product Category,Type,Published,Option1 Name,Option1 Value,Option2 Name,\
Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Image Src,Status
boots,Boots,<ul><li>Warm</li><li>Dry</li></ul>,Wear > Shoes,Footwear,TRUE,Colour,Black,Size,40,B-40,3,99.00,\
https://img.shop.example/1.jpg,active
boots,,,,,,,Black,,41,B-41,0,99.00,https://img.shop.example/2.jpg,
boots,,,,,,,Red,,40,B-R,-1,99.00,,
boots,,,,,,,,,,,,,https://img.shop.example/3.jpg,
cap,Cap,,,Hats,FALSE,Title,Default Title,,,'0077,9,12,,draft
"""
MAGENTO = """sku,store_view_code,attribute_set_code,product_type,categories,name,description,product_online,price,\
special_price,base_image,qty
CL-1,,Default,simple,"Default Category/Home/Clocks,Default Category/New",Wall clock,\
<p>Runs <em>silently</em></p>,1,32.500000,,/c/l/clock.jpg,100.0000
CL-2,,Default,simple,Default Category/Home/Clocks,Alarm clock,,2,18.0000,15.0000,,0.0000
CL-1,de,,,,Wanduhr,,,,,,
CL-3,,Default,configurable,Default Category/Sets,Clock set,,1,,,,
"""
GERMAN = """Artikelnummer;Bezeichnung;Preis;Bestand;Warengruppe
K-1;Käsereibe;7,90;3;Küche > Reiben
K-2;Mixer, groß;1.149,00;12;Küche>Geräte
4,71123E+12;Löffel;0,95;;Küche
;;;;
"""
GERMAN_COLUMNS = ("sku=Artikelnummer", "name=Bezeichnung", "price=Preis", "stock=Bestand", "category=Warengruppe")


class Stored(NamedTuple):
    sku: str
    name: str
    price: Decimal
    stock: int
    category: str


class Shop:
    """A database, and the command that imports files into it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder

    def run(self, file: str | bytes | Path, *options: str) -> Result:
        return CliRunner().invoke(main, ["import", "products", str(self._path(file)), *options, "--yes"])

    def load(self, file: str | bytes | Path, *options: str) -> dict[str, Any]:
        result = self.run(file, *options, "--json")
        assert result.exit_code in {0, 3}, result.output
        return json.loads(result.stdout)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as conn:
            return conn.execute(query.encode()).fetchall()

    def products(self) -> list[Stored]:
        return [Stored(*row) for row in self.ask(PRODUCTS)]

    def new_categories(self) -> set[str]:
        return {name for (name,) in self.ask("SELECT name FROM categories")} - {*KNOWN}

    def _path(self, file: str | bytes | Path) -> Path:
        if isinstance(file, Path):
            return file
        path = self.folder / "products.csv"
        path.write_bytes(file.encode() if isinstance(file, str) else file)
        return path


@pytest.fixture
def shop(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    with psycopg.connect(fresh_db) as conn:
        conn.execute(rows("categories", *({"name": name} for name in KNOWN)))
    return Shop(fresh_db, tmp_path)


def counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return added, changed, unchanged, and the number of refused rows."""
    return report["added"], report["changed"], report["unchanged"], len(report["refused"])


def reasons(report: dict[str, Any]) -> dict[int, list[str]]:
    return {row["line"]: [reason["message"] for reason in row["reasons"]] for row in report["refused"]}


def maps(*choices: str) -> list[str]:
    return [part for choice in choices for part in ("--map", choice)]


def euros(amount: str) -> Decimal:
    return Decimal(amount)


def test_woocommerce(shop: Shop) -> None:
    options = ("--from", "woocommerce", "--create-categories")
    report = shop.load(WOOCOMMERCE, *options)
    assert counts(report) == (3, 0, 0, 0)
    assert report["passed_over"] == {
        "variable products, whose variations are products": 1,
        "grouped products": 1,
        "unpublished products": 1,
    }
    assert shop.products() == [
        ("POT-1", "Tea pot", euros("19.90"), 6, "Kitchen > Pots"),
        ("SHIRT-G", "Shirt – Green", euros("12.00"), 0, "Clothes > Shirts"),
        ("SHIRT-R", "Shirt - Red", euros("12.00"), 4, "Clothes > Shirts"),
    ]
    assert shop.ask("SELECT description, image_url FROM products ORDER BY sku") == [
        ("Glass & steel", "https://img.shop.example/1.jpg"),
        ("Cotton", "https://img.shop.example/4.jpg"),
        ("Cotton", "https://img.shop.example/3.jpg"),
    ]
    assert shop.new_categories() == {"Kitchen", "Pots", "Clothes", "Shirts"}
    assert counts(shop.load(WOOCOMMERCE, *options)) == (0, 0, 3, 0)


def test_an_unpublished_row_is_imported_on_request_and_refused_like_any_other(shop: Shop) -> None:
    report = shop.load(WOOCOMMERCE, "--from", "woocommerce", "--create-categories", "--include-unpublished")
    assert counts(report) == (3, 0, 0, 1)
    assert reasons(report) == {7: ["is required"]}
    assert "Vouchers" not in shop.new_categories()


def test_a_blank_stock_is_0_for_a_new_product_and_unchanged_for_an_old_one(shop: Shop) -> None:
    shop.load(WOOCOMMERCE, "--from", "woocommerce", "--create-categories")
    shop.load("sku,stock\nSHIRT-G,8\n")
    assert counts(shop.load(WOOCOMMERCE, "--from", "woocommerce")) == (0, 0, 3, 0)
    assert [product.stock for product in shop.products()] == [6, 8, 4]


def test_variations_whose_parent_stands_below_them_or_is_not_shown(shop: Shop) -> None:
    header, *lines = WOOCOMMERCE.splitlines(keepends=True)
    below = "".join([header, *reversed(lines)])
    assert counts(shop.load(below, "--from", "woocommerce", "--create-categories")) == (3, 0, 0, 0)
    hidden = WOOCOMMERCE.replace("SHIRT,Shirt,1", "SHIRT,Shirt,0")
    report = shop.load(hidden, "--from", "woocommerce")
    assert (counts(report), report["passed_over"]["unpublished products"]) == ((0, 0, 1, 0), 4)


def test_shopify(shop: Shop) -> None:
    options = ("--from", "shopify", "--create-categories")
    report = shop.load(SHOPIFY, *options)
    assert counts(report) == (2, 0, 0, 1)
    assert reasons(report) == {4: ["must be a whole number from 0 to 2147483647"]}
    assert report["passed_over"] == {"rows with a picture only": 1, "unpublished products": 1}
    assert shop.products() == [
        ("B-40", "Boots – Black / 40", euros("99.00"), 3, "Wear > Shoes"),
        ("B-41", "Boots – Black / 41", euros("99.00"), 0, "Wear > Shoes"),
    ]
    assert set(shop.ask("SELECT description, image_url FROM products")) == {
        ("Warm\nDry", "https://img.shop.example/1.jpg")
    }
    assert counts(shop.load(SHOPIFY, *options)) == (0, 0, 2, 1)
    assert counts(shop.load(SHOPIFY, *options, "--include-unpublished")) == (1, 0, 2, 1)
    assert shop.products()[0] == ("0077", "Cap", euros("12.00"), 9, "Hats")


def test_magento(shop: Shop) -> None:
    options = ("--from", "magento", "--create-categories")
    report = shop.load(MAGENTO, *options)
    assert counts(report) == (1, 0, 0, 0)
    assert report["warnings"] == [
        {
            "column": "image_url",
            "message": "the picture is a path and no URL; it is left out, such as “/c/l/clock.jpg”",
            "rows": 1,
            "lines": [2],
        }
    ]
    assert sum(report["passed_over"].values()) == 3
    assert report["created_categories"] == ["Home", "Home > Clocks"]
    assert shop.products() == [("CL-1", "Wall clock", euros("32.50"), 100, "Home > Clocks")]
    assert shop.ask("SELECT description, image_url FROM products") == [("Runs silently", None)]
    assert counts(shop.load(MAGENTO, *options)) == (0, 0, 1, 0)
    assert counts(shop.load(MAGENTO, *options, "--include-unpublished")) == (1, 0, 1, 0)
    assert shop.products()[1].price == 18


def test_a_picture_that_was_left_out_stays_as_the_shop_has_set_it(shop: Shop) -> None:
    shop.load(MAGENTO, "--from", "magento", "--create-categories")
    shop.load("sku,image_url\nCL-1,https://img.shop.example/clock.jpg\n")
    assert counts(shop.load(MAGENTO, "--from", "magento")) == (0, 0, 1, 0)


def test_a_german_spreadsheet(shop: Shop) -> None:
    content = GERMAN.replace("\n", "\r\n").encode("cp1252")
    options = (*maps(*GERMAN_COLUMNS), "--create-categories")
    result = shop.run(content, *options)
    assert result.exit_code == 0
    assert "Windows-1252 (assumed)" in result.stderr
    assert "such as “4,71123E+12” (1 row: line 4)" in result.stderr
    assert shop.products() == [
        ("4,71123E+12", "Löffel", euros("0.95"), 0, "Küche"),
        ("K-1", "Käsereibe", euros("7.90"), 3, "Küche > Reiben"),
        ("K-2", "Mixer, groß", euros("1149.00"), 12, "Küche > Geräte"),
    ]
    assert counts(shop.load(content, *options)) == (0, 0, 3, 0)


def test_a_unicode_text_a_separator_line_and_line_ends_of_old(shop: Shop) -> None:
    table = "sku\tname\tprice\tstock\tcategory\r\nU-1\tKříž\t3.20\t4\tTools\r\n"
    assert counts(shop.load(table.encode("utf-16"), "--create-categories")) == (1, 0, 0, 0)
    separated = 'sep=;\r\nsku;name;price;stock;category\r\nU-2;"Soap; mild";2.50;1;Sports\r\n'
    assert counts(shop.load(separated)) == (1, 0, 0, 0)
    assert counts(shop.load("sku,name,price,stock,category\rU-3,Cup,2.50,10,Sports")) == (1, 0, 0, 0)
    assert [product.name for product in shop.products()] == ["Kříž", "Soap; mild", "Cup"]


def test_a_file_of_stocks_or_prices_changes_nothing_else(shop: Shop) -> None:
    shop.load("sku,name,price,stock,category\nA,Cup,5,1,Sports\nB,Mug,6,2,Sports\n")
    report = shop.load("sku,stock\nA,9\nB,2\nC,7\n")
    assert counts(report) == (0, 1, 1, 1)
    assert reasons(report) == {
        4: [
            "a new product needs a name, a price and a category; missing: name, price, category (or --default-category)"
        ]
    }
    report = shop.load("SKU,Price\nA,5.50\nA,7\n")
    assert (counts(report), reasons(report)) == ((0, 1, 0, 1), {3: ["stands in line 2 already"]})
    assert shop.products() == [("A", "Cup", euros("5.50"), 9, "Sports"), ("B", "Mug", euros("6.00"), 2, "Sports")]


def test_a_blank_name_or_price_leaves_an_old_product_as_it_is_and_refuses_a_new_one(shop: Shop) -> None:
    shop.load("sku,name,price,stock,category\nA,Cup,5,1,Sports\n")
    report = shop.load("sku,name,price,stock,category\nA,,,3,\nB,Mug,,1,Sports\n")
    assert counts(report) == (0, 1, 0, 1)
    assert reasons(report) == {3: ["a new product needs a name, a price and a category; missing: price"]}
    assert shop.products() == [("A", "Cup", euros("5.00"), 3, "Sports")]


def test_only_existing_refuses_new_products(shop: Shop) -> None:
    shop.load("sku,name,price,stock,category\nA,Cup,5,1,Sports\n")
    report = shop.load(
        "sku,name,price,stock,category\nA,Cup,6,1,Sports\nB,Mug,6,1,Teas\n", "--only-existing", "--create-categories"
    )
    assert counts(report) == (0, 1, 0, 1)
    assert reasons(report) == {3: ["no product has it, and new ones are not added"]}
    assert shop.new_categories() == set()


def test_unknown_categories_are_listed_once_and_created_on_request(shop: Shop) -> None:
    text = "sku,name,price,category\nA,Cup,5,Tea > Cups\nB,Mug,6,Tea>Cups\nC,Pot,7,Tea\nD,Tin,x,Tea > Tins\n"
    report = shop.load(text)
    assert report["unknown_categories"] == [
        {"path": "Tea > Cups", "rows": 2},
        {"path": "Tea", "rows": 1},
        {"path": "Tea > Tins", "rows": 1},
    ]
    assert counts(report) == (0, 0, 0, 4)
    dry = shop.load(text, "--create-categories", "--dry-run")
    assert shop.new_categories() == set()
    report = shop.load(text, "--create-categories")
    assert report == dry
    assert report["created_categories"] == ["Tea", "Tea > Cups"]
    assert counts(report) == (3, 0, 0, 1)
    assert counts(shop.load(text, "--create-categories")) == (0, 0, 3, 1)


def test_a_path_means_its_category_whatever_others_have_the_name(shop: Shop) -> None:
    text = "sku,name,price,category\nA,Cup,5,Tea > Gifts\nB,Mug,6,Gifts\n"
    assert counts(shop.load(text, "--create-categories")) == (2, 0, 0, 0)
    assert [product.category for product in shop.products()] == ["Tea > Gifts", "Gifts"]
    assert counts(shop.load(text, "--create-categories")) == (0, 0, 2, 0)


def test_categories_that_cannot_be_created_refuse_their_rows(shop: Shop) -> None:
    deep, long = " > ".join(["Level"] * 51), "x" * 101
    text = f"sku,name,price,category\nA,Cup,5,{deep}\nB,Mug,6,{long}\nC,Pot,7,Tea > > Pots\n"
    report = shop.load(text, "--create-categories")
    name = "cannot be created: each name of the path must be a text of 1 to 100 characters"
    assert reasons(report) == {2: ["lies too deep: the tree may be at most 50 levels deep"], 3: [name], 4: [name]}
    assert shop.new_categories() == set()


def test_a_separator_of_categories_is_given(shop: Shop) -> None:
    text = "sku,name,price,category\nA,Cup,5,Tea / Cups\n"
    shop.load(text, "--create-categories", "--category-separator", "/")
    assert shop.products()[0].category == "Tea > Cups"


def test_the_decimal_separator_is_recognized_forced_or_asked_for(shop: Shop) -> None:
    text = "sku,name,price,category\nA,Cup,1.249,Sports\nB,Mug,2.500,Sports\n"
    result = shop.run(text)
    assert result.exit_code == 1
    assert "--decimal-comma" in result.stderr
    assert "--decimal-point" in result.stderr
    shop.load(text, "--decimal-comma")
    assert [product.price for product in shop.products()] == [1249, 2500]
    shop.load(text.replace("249", "250"), "--decimal-point")
    assert [product.price for product in shop.products()] == [euros("1.25"), euros("2.50")]
    shop.load('sku,price\nA,"1.249,00"\n')
    assert shop.products()[0].price == 1249


def test_an_unknown_column_twice_is_ignored_and_a_known_one_refused(shop: Shop) -> None:
    text = "sku,name,price,stock,category,size,size\nA,Cup,5,1,Sports,1,2\n"
    assert counts(shop.load(text)) == (1, 0, 0, 0)
    result = shop.run(text.replace("size", "Price"))
    assert result.exit_code == 1
    assert "the column “price” stands there twice" in result.stderr


@pytest.mark.parametrize("options", [(), ("--batch", "100")])
def test_in_batches_a_mapping_gives_the_same(shop: Shop, options: tuple[str, ...]) -> None:
    variations = [f"{n},variation,V-{n},Shirt,1,visible,,1,,12.00,,,SHIRT,Colour,No. {n}\n" for n in range(10, 310)]
    text = WOOCOMMERCE + "".join(variations)
    report = shop.load(text, "--from", "woocommerce", "--create-categories", *options)
    assert counts(report) == (303, 0, 0, 0)
    assert sum(report["passed_over"].values()) == 3
    assert report["created_categories"] == ["Kitchen", "Kitchen > Pots", "Clothes", "Clothes > Shirts"]
    assert {product.category for product in shop.products()} == {"Kitchen > Pots", "Clothes > Shirts"}
    assert shop.ask("SELECT count(*) FROM import_progress") == [(0,)]


@with_shop_files
class TestGivenFiles:
    """The files beside the project, and the result that their list names for each."""

    def test_woocommerce(self, shop: Shop) -> None:
        options = ("--from", "woocommerce", "--create-categories")
        assert counts(shop.load(SHOP_FILES / "woocommerce.csv", *options)) == (3, 0, 0, 0)
        assert shop.products() == [
            ("APR-BLU", "Linen apron - Blue", 24, 7, "Kitchen > Textiles"),
            ("APR-SND", "Linen apron - Sand", 24, 0, "Kitchen > Textiles"),
            ("MUG-01", "Stoneware mug", euros("9.50"), 24, "Kitchen > Mugs"),
        ]
        assert shop.new_categories() == {"Kitchen", "Mugs", "Textiles"}
        report = shop.load(SHOP_FILES / "woocommerce.csv", *options, "--include-unpublished")
        assert (counts(report), sum(report["passed_over"].values())) == ((0, 0, 3, 1), 2)

    def test_shopify(self, shop: Shop) -> None:
        options = ("--from", "shopify", "--create-categories")
        assert counts(shop.load(SHOP_FILES / "shopify.csv", *options)) == (2, 0, 0, 1)
        assert [(product.sku, product.name, product.stock) for product in shop.products()] == [
            ("RC-G-M", "Rain coat – Green / M", 0),
            ("RC-G-S", "Rain coat – Green / S", 12),
        ]
        assert set(shop.ask("SELECT description FROM products")) == {("Keeps you dry.",)}
        report = shop.load(SHOP_FILES / "shopify.csv", *options, "--include-unpublished")
        assert (counts(report), report["passed_over"]) == ((1, 0, 2, 1), {"rows with a picture only": 1})
        assert shop.products()[0] == ("0042", "Umbrella", 15, 5, "Accessories")

    def test_magento(self, shop: Shop) -> None:
        options = ("--from", "magento", "--create-categories")
        report = shop.load(SHOP_FILES / "magento.csv", *options)
        assert (counts(report), len(report["warnings"]), sum(report["passed_over"].values())) == ((1, 0, 0, 0), 1, 2)
        assert shop.products() == [("WT-01", "Dash watch", 92, 100, "Gear > Watches")]
        assert shop.ask("SELECT description, image_url FROM products") == [("Water resistant", None)]
        assert counts(shop.load(SHOP_FILES / "magento.csv", *options, "--include-unpublished")) == (1, 0, 1, 0)
        assert shop.products()[1].price == 45

    def test_excel_german(self, shop: Shop) -> None:
        options = (*maps(*GERMAN_COLUMNS), "--create-categories")
        result = shop.run(SHOP_FILES / "excel-german.csv", *options)
        assert (result.exit_code, "(assumed)" in result.stderr) == (0, True)
        assert [(each.sku, each.price, each.stock) for each in shop.products()] == [
            ("1,23457E+12", euros("0.95"), 0),
            ("T-001", euros("24.90"), 3),
            ("T-002", 1249, 12),
        ]
        report = shop.load(SHOP_FILES / "excel-german.csv", *options)
        assert (counts(report), len(report["warnings"])) == ((0, 0, 3, 0), 1)

    @pytest.mark.parametrize(
        ("name", "options", "added"),
        [
            ("excel-unicode-text.txt", ["--create-categories"], 2),
            ("excel-sep-line.csv", [], 1),
            ("old-mac.csv", [], 1),
            ("unknown-column-twice.csv", [], 1),
        ],
    )
    def test_forms(self, shop: Shop, name: str, options: list[str], added: int) -> None:
        assert counts(shop.load(SHOP_FILES / name, *options)) == (added, 0, 0, 0)
        assert counts(shop.load(SHOP_FILES / name, *options)) == (0, 0, added, 0)

    def test_partial_files(self, shop: Shop) -> None:
        for system in ("woocommerce", "shopify"):
            shop.load(SHOP_FILES / f"{system}.csv", "--from", system, "--create-categories")
        before = {each.sku: each for each in shop.products()}
        report = shop.load(SHOP_FILES / "stock-only.csv")
        assert counts(report) == (0, 2, 0, 1)
        assert "a new product needs a name, a price and a category" in reasons(report)[4][0]
        report = shop.load(SHOP_FILES / "price-only.csv")
        assert (counts(report), list(reasons(report))) == ((0, 1, 0, 1), [3])
        changed = {
            "MUG-01": before["MUG-01"]._replace(stock=11, price=euros("9.90")),
            "RC-G-M": before["RC-G-M"]._replace(stock=4),
        }
        assert {each.sku: each for each in shop.products()} == before | changed
        assert counts(shop.load(SHOP_FILES / "stock-only.csv")) == (0, 0, 2, 1)
        assert counts(shop.load(SHOP_FILES / "price-only.csv")) == (0, 0, 1, 1)

    def test_text_forms(self, shop: Shop) -> None:
        report = shop.load(SHOP_FILES / "text-forms.csv")
        assert (counts(report), list(reasons(report))) == ((4, 0, 0, 1), [5])
        assert [product.sku for product in shop.products()] == ["N-1", "N-2", "N-3", "N-4"]
        assert shop.products()[2].name == "José print"
        assert counts(shop.load(SHOP_FILES / "text-forms.csv")) == (0, 0, 4, 1)
