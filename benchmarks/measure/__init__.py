"""The measurements, by name, in the order in which they are run."""

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.arena import Arena
from benchmarks.measure import (
    http,
    http_writes,
    importing,
    order_log,
    orders,
    pool,
    repository,
    starts,
    takeover,
    writes,
)
from benchmarks.results import Outcome


class Measurement(NamedTuple):
    """A measurement, and about how many windows of load it has in a round."""

    run: Callable[[Arena], Outcome]
    windows: int


ALL = {
    "http-product": Measurement(http.product, 15),
    "http-open-loop": Measurement(http.open_loop, 10),
    "http-list": Measurement(http.lists, 17),
    "http-cursor": Measurement(http.cursor, 2),
    "http-pages": Measurement(http.numbered, 7),
    "http-search": Measurement(http.search, 16),
    "http-growth": Measurement(http.growth, 24),
    "http-writes": Measurement(http_writes.products, 9),
    "http-register": Measurement(http_writes.register, 2),
    "orders-http": Measurement(orders.http, 8),
    "orders-log": Measurement(order_log.parts, 6),
    "writes": Measurement(writes.statements, 15),
    "repository": Measurement(repository.against_the_driver, 10),
    "targets": Measurement(repository.targets, 16),
    "pool": Measurement(pool.crowd, 2),
    "import": Measurement(importing.products, 0),
    "takeover": Measurement(takeover.migrations, 60),
    "starts": Measurement(starts.seconds, 2),
}
