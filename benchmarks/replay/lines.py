"""The lines of the file, and what becomes of each: an order, or an adjustment of the stock.

Sales are lines of invoices that are no cancellations, of a positive quantity and price. Lines of an invoice with the
same SKU and price are one line of an order. A product has one price at a time: the nth price of a SKU goes into the nth
order of the invoice. All other lines only move stock: free goods and lost ones (a negative quantity of an invoice that
is no cancellation) go out, cancelled ones come back.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

from angidi.orders.models import MOST_LINES

Kind = Literal["sale", "free", "negative", "cancelled"]


class Line(NamedTuple):
    """A line of the file; without a customer it is a guest's."""

    invoice: str
    sku: str
    quantity: int
    price: Decimal
    customer: str

    @property
    def kind(self) -> Kind:
        """What it is."""
        if self.invoice.startswith("C"):
            return "cancelled"
        if self.quantity < 0:
            return "negative"
        return "sale" if self.price > 0 else "free"

    @property
    def delta(self) -> int:
        """By how many pieces it changes the stock."""
        return abs(self.quantity) if self.kind == "cancelled" else -abs(self.quantity)


class Sale(NamedTuple):
    """Pieces of a product at a price."""

    sku: str
    price: Decimal
    quantity: int


class Order(NamedTuple):
    """An order to place; its note is the invoice."""

    invoice: str
    customer: str
    sales: list[Sale]


class Adjustment(NamedTuple):
    """Pieces that come in, or go out (negative); its reason is the invoice."""

    invoice: str
    sku: str
    delta: int


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a CSV file, which may be compressed by gzip."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return [
            Line(row["invoice"], row["sku"], int(row["quantity"]), Decimal(row["unit_price"]), row["customer"])
            for row in csv.DictReader(file)
        ]


def events(lines: Iterable[Line]) -> Iterator[Order | Adjustment]:
    """Yield what happens in the order of the file: the orders of an invoice, then its other lines."""
    for invoice, of_invoice in groupby(lines, lambda line: line.invoice):
        rows = [*of_invoice]
        yield from orders([line for line in rows if line.kind == "sale"])
        yield from (Adjustment(invoice, line.sku, line.delta) for line in rows if line.kind != "sale")


def orders(sales: Iterable[Line]) -> Iterator[Order]:
    """Yield the orders of the sales of one invoice."""
    quantities: Counter[tuple[str, Decimal]] = Counter()
    prices: Counter[str] = Counter()
    places: dict[int, list[Sale]] = {}
    rows = [*sales]
    for line in rows:
        quantities[line.sku, line.price] += line.quantity
    for (sku, price), quantity in quantities.items():
        places.setdefault(prices[sku], []).append(Sale(sku, price, quantity))
        prices[sku] += 1
    for _, group in sorted(places.items()):
        for start in range(0, len(group), MOST_LINES):
            yield Order(rows[0].invoice, rows[0].customer, group[start : start + MOST_LINES])


def first_stock(happened: Iterable[Order | Adjustment]) -> dict[str, int]:
    """Return the least stock of each SKU with which nothing is ever refused: its largest running net outflow."""
    running: Counter[str] = Counter()
    largest: dict[str, int] = {}
    for event in happened:
        for sku, pieces in moves(event):
            running[sku] -= pieces
            largest[sku] = max(largest.get(sku, 0), running[sku])
    return largest


def moves(event: Order | Adjustment) -> Iterator[tuple[str, int]]:
    """Yield by how many pieces an event changes the stock of each SKU."""
    if isinstance(event, Adjustment):
        yield event.sku, event.delta
    else:
        yield from ((sale.sku, -sale.quantity) for sale in event.sales)


def returns(lines: Iterable[Line]) -> dict[str, str]:
    """Return the cancellations that equal a whole earlier invoice of the same customer, and that invoice."""
    earlier: dict[frozenset[object], str] = {}
    equal: dict[str, str] = {}
    for invoice, of_invoice in groupby(lines, lambda line: line.invoice):
        rows = [*of_invoice]
        is_cancelled = rows[0].kind == "cancelled"
        pieces: Counter[tuple[str, Decimal]] = Counter()
        for line in rows:
            pieces[line.sku, line.price] += -line.quantity if is_cancelled else line.quantity
        content = frozenset([rows[0].customer, *pieces.items()])
        if not is_cancelled:
            earlier.setdefault(content, invoice)
        elif rows[0].customer and content in earlier:
            equal[invoice] = earlier[content]
    return equal
