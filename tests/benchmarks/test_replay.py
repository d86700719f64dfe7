"""The replay of a shop's order lines, with a few invented ones of every form; the real ones where they are."""

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from benchmarks.replay.__main__ import main, verified
from benchmarks.replay.bare import bare_rate
from benchmarks.replay.compare import compare
from benchmarks.replay.lines import Adjustment, Line, Order, Sale, events, first_stock, read_lines, returns
from benchmarks.replay.run import cancel_whole, replay, replay_at_once
from tests.conftest import migrate_up
from tests.support.files import REAL, with_real_files

from angidi.embedded.programs import find_programs

ROWS = """\
invoice,sku,quantity,invoiced_at,unit_price,customer,country
700001,K1,6,2010-12-01T08:26:00Z,2.55,17,United Kingdom
700001,k1,1,2010-12-01T08:26:00Z,0.5,17,United Kingdom
700001,K1,2,2010-12-01T08:26:00Z,2.10,17,United Kingdom
700001,K1,4,2010-12-01T08:26:00Z,2.55,17,United Kingdom
700002,K2,3,2010-12-01T08:28:00Z,1.25,,France
700002,K2,1,2010-12-01T08:28:00Z,0,,France
700003,K1,-5,2010-12-01T08:30:00Z,0,,United Kingdom
700004,K2,7,2010-12-01T08:31:00Z,1.30,18,United Kingdom
C700005,K2,-7,2010-12-01T08:40:00Z,1.30,18,United Kingdom
C700006,K1,-1,2010-12-01T08:41:00Z,2.55,17,United Kingdom
C700007,K2,-3,2010-12-01T08:42:00Z,1.25,,France
"""
REAL_LINES = REAL / "online-retail-lines-2010-12.csv.gz"


@pytest.fixture
def lines(tmp_path: Path) -> list[Line]:
    file = tmp_path / "lines.csv"
    file.write_text(ROWS, encoding="utf-8")
    return read_lines(file)


@pytest.fixture
def shop(empty_db: str) -> str:
    """The address of an empty shop."""
    migrate_up(empty_db)
    return empty_db


def test_lines_of_an_invoice_become_orders_and_all_others_move_stock(lines: list[Line]) -> None:
    assert [*events(lines)] == [
        Order("700001", "17", [Sale("K1", Decimal("2.55"), 10), Sale("k1", Decimal("0.5"), 1)]),
        Order("700001", "17", [Sale("K1", Decimal("2.10"), 2)]),
        Order("700002", "", [Sale("K2", Decimal("1.25"), 3)]),
        Adjustment("700002", "K2", -1),
        Adjustment("700003", "K1", -5),
        Order("700004", "18", [Sale("K2", Decimal("1.30"), 7)]),
        Adjustment("C700005", "K2", 7),
        Adjustment("C700006", "K1", 1),
        Adjustment("C700007", "K2", 3),
    ]


def test_an_order_has_at_most_a_hundred_lines() -> None:
    sales = [Line("1", f"K{number}", 1, Decimal(1), "") for number in range(230)]
    assert [len(event.sales) for event in events(sales) if isinstance(event, Order)] == [100, 100, 30]


def test_the_first_stock_is_what_is_missing_at_most(lines: list[Line]) -> None:
    assert first_stock(events(lines)) == {"K1": 17, "k1": 1, "K2": 11}


def test_a_cancellation_of_a_whole_invoice_of_a_known_customer_is_a_return(lines: list[Line]) -> None:
    assert returns(lines) == {"C700005": "700004"}


def test_money_and_pieces_of_the_shop_equal_those_of_the_file(shop: str, lines: list[Line], tmp_path: Path) -> None:
    replayed = replay(shop, tmp_path, lines)
    comparison = compare(shop, lines, replayed.first)
    assert comparison.differences == []
    assert comparison.shop.money == comparison.file.money == Decimal("43.05")
    assert comparison.shop.pieces == comparison.file.pieces == 23
    assert (replayed.orders, replayed.products, replayed.prices, replayed.adjustments) == (4, 3, 2, 5)
    assert verified(shop)
    with psycopg.connect(shop, autocommit=True) as conn:
        conn.execute("UPDATE products SET stock = stock + 1 WHERE sku = 'K2'")
    assert compare(shop, lines, replayed.first).differences == ["SKU K2: a stock of 11 instead of 10"]
    placed = [event for event in events(lines) if isinstance(event, Order)]
    assert bare_rate(shop, find_programs(), placed) > 0
    assert len(compare(shop, lines, None).differences) == 3  # each invoice is there twice now


def test_many_clients_place_the_same_with_a_product_for_each_price(
    shop: str, lines: list[Line], tmp_path: Path
) -> None:
    assert replay_at_once(shop, tmp_path, lines, 4).products == 5
    assert compare(shop, lines, None).differences == []
    assert verified(shop)


@pytest.mark.parametrize("number", [1, pytest.param(6, marks=with_real_files)])
def test_what_a_whole_cancellation_returns_is_in_stock_again(
    shop: str, lines: list[Line], number: int, tmp_path: Path
) -> None:
    rows = lines if number == 1 else read_lines(REAL_LINES)
    assert len(returns(rows)) == number
    assert cancel_whole(shop, tmp_path, rows) == number
    with psycopg.connect(shop) as conn:
        returned = conn.execute("SELECT count(DISTINCT note), bool_and(status = 'returned') FROM orders").fetchone()
        left = conn.execute("SELECT count(*) FROM products WHERE stock <> 10000").fetchone()
    assert (returned, left) == ((number, True), (0,))
    assert verified(shop)


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["replay", str(tmp_path / "none.csv")])
    assert main() == 0
    assert capsys.readouterr().out == f"skipped: there is no file {tmp_path / 'none.csv'}\n"
