"""The replay: in the order of the file, one at a time, or many at once with a product for each price."""

import time
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from benchmarks.contestants import ANGIDI, Place, Running, free_port
from benchmarks.replay.client import Client, add_accounts
from benchmarks.replay.lines import Adjustment, Line, Order, events, first_stock, returns


class Replayed(NamedTuple):
    """What a replay came to; `seconds` are those of the orders alone if they were placed one at a time."""

    orders: int
    seconds: float
    products: int
    prices: int
    adjustments: int
    first: dict[str, int]

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds


def replay(url: str, folder: Path, lines: Sequence[Line]) -> Replayed:
    """Replay all lines in their order in the empty shop at `url`. Raises `Refused`."""
    happened = [*events(lines)]
    first = first_stock(happened)
    add_accounts(url, {line.customer for line in lines})
    with served(url, folder) as client:
        prices = _first_prices(lines)
        category = client.add_category("Replayed")
        ids = {sku: client.add_product(category, sku, prices[sku], first[sku]) for sku in first}
        changed, seconds, number = 0, 0.0, 0
        for event in happened:
            if isinstance(event, Adjustment):
                client.adjust(ids[event.sku], event.delta, event.invoice)
                continue
            for sale in event.sales:
                if prices[sale.sku] != sale.price:
                    client.set_price(ids[sale.sku], sale.price)
                    prices[sale.sku] = sale.price
                    changed += 1
            number += 1
            began = time.perf_counter()
            client.place(event, [ids[sale.sku] for sale in event.sales], str(number))
            seconds += time.perf_counter() - began
    return Replayed(number, seconds, len(ids), changed, len(happened) - number, first)


def replay_at_once(url: str, folder: Path, lines: Sequence[Line], clients: int) -> Replayed:
    """Place the orders of all sales by many clients in the empty shop at `url`, a product for each SKU and price."""
    placed = [event for event in events(lines) if isinstance(event, Order)]
    stock: Counter[tuple[str, Decimal]] = Counter()
    for order in placed:
        for sale in order.sales:
            stock[sale.sku, sale.price] += sale.quantity
    add_accounts(url, {line.customer for line in lines})
    with served(url, folder) as client, served_by(client, clients) as some:
        category = client.add_category("Replayed")
        ids = {key: client.add_product(category, f"{key[0]} {key[1]}", key[1], stock[key]) for key in stock}

        def place(part: int) -> None:
            for number, order in islice(enumerate(placed), part, None, clients):
                some[part].place(order, [ids[sale.sku, sale.price] for sale in order.sales], str(number))

        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as threads:
            list(threads.map(place, range(clients)))
        seconds = time.perf_counter() - began
    return Replayed(len(placed), seconds, len(ids), 0, 0, {f"{sku} {price}": n for (sku, price), n in stock.items()})


@contextmanager
def served(url: str, folder: Path) -> Generator[Client]:
    """Serve the shop at `url`, and give a client."""
    with Running(ANGIDI, Place(free_port(), url, Path(mkdtemp(dir=folder)), folder)) as running:
        running.wait()
        client = Client(running.port)
        yield client
        client.close()


@contextmanager
def served_by(client: Client, number: int) -> Generator[list[Client]]:
    """Give so many more clients of the same service."""
    clients = [Client(client.port) for _ in range(number)]
    yield clients
    for each in clients:
        each.close()


def _first_prices(lines: Sequence[Line]) -> dict[str, Decimal]:
    """Return the first price of each SKU; one that was never sold has a penny."""
    prices: dict[str, Decimal] = {}
    for line in lines:
        if line.kind == "sale":
            prices.setdefault(line.sku, line.price)
    return {line.sku: prices.get(line.sku, Decimal("0.01")) for line in lines}


def cancel_whole(url: str, folder: Path, lines: Sequence[Line]) -> int:
    """Place what was cancelled as a whole in the empty shop at `url`, and return it; tell how many invoices it was.

    Every product has a stock of 10,000 before.
    """
    invoices = {*returns(lines).values()}
    placed = [event for event in events(lines) if isinstance(event, Order) and event.invoice in invoices]
    add_accounts(url, {order.customer for order in placed})
    with served(url, folder) as client:
        category = client.add_category("Replayed")
        keys = dict.fromkeys((sale.sku, sale.price) for order in placed for sale in order.sales)
        ids = {key: client.add_product(category, f"{key[0]} {key[1]}", key[1], 10_000) for key in keys}
        for number, order in enumerate(placed):
            answer = client.place(order, [ids[sale.sku, sale.price] for sale in order.sales], str(number))
            for action in ("confirm", "ship", "return"):
                client.move(answer["id"], action)
    return len(invoices)
