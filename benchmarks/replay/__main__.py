"""Place the order lines of a real shop through the API, and compare money and pieces with plain SQL, to the penny.

    python -m benchmarks.replay FILE [--clients 16]

FILE has the columns invoice, sku, quantity, unit_price and customer, and may be compressed by gzip; where it is
missing, that is said and nothing is done. The first run places the orders one at a time, in the order of the file, with
changes of prices between them that are not timed; pgbench then places the same orders by the bare SQL. The second run
has many clients, and a product for each SKU and price. After each, `angidi verify` looks at all books. It ends with 1
where anything differs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from angidi.embedded import EmbeddedServer
from benchmarks.console import print_progress
from benchmarks.databases import SERVER_SETTINGS, migrate_up
from benchmarks.replay.bare import bare_rate
from benchmarks.replay.compare import Comparison, compare
from benchmarks.replay.lines import Line, Order, events, read_lines, returns
from benchmarks.replay.run import Replayed, replay, replay_at_once

LEFT_OUT = {
    "free": "of price 0: stock only, out",
    "negative": "of a negative quantity, no cancellation: stock only, out",
    "cancelled": "of cancellations: stock only, in; their money is not in the orders",
}


def main() -> int:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the order lines")
    parser.add_argument("--clients", type=int, default=16, help="of the second run (default: 16)")
    given = parser.parse_args()
    if not given.file.is_file():
        sys.stdout.write(f"skipped: there is no file {given.file}\n")
        return 0
    lines = read_lines(given.file)
    show_lines(lines)
    with (
        tempfile.TemporaryDirectory() as home,
        EmbeddedServer(Path(home, "postgres"), settings=SERVER_SETTINGS) as server,
    ):
        urls = [created(server, name) for name in ("in_turn", "at_once")]
        print_progress("one order at a time")
        in_turn = replay(urls[0], Path(home), lines)
        right = report(urls[0], in_turn, compare(urls[0], lines, in_turn.first))
        placed = [event for event in events(lines) if isinstance(event, Order)]
        print_progress("pgbench -c1")
        bare = bare_rate(urls[0], server.binaries, placed)
        print_progress(f"{given.clients} clients")
        at_once = replay_at_once(urls[1], Path(home), lines, given.clients)
        right &= report(urls[1], at_once, compare(urls[1], lines, None))
    sys.stdout.write(
        f"orders a second: {in_turn.rate:.0f} one at a time, {bare:.0f} by pgbench -c1 (ratio "
        f"{in_turn.rate / bare:.2f}), {at_once.rate:.0f} by {given.clients} clients\n"
    )
    return 0 if right else 1


def created(server: EmbeddedServer, name: str) -> str:
    """Return the address of a new, migrated database."""
    server.create_database(name)
    migrate_up(server.url(name))
    return server.url(name)


def show_lines(lines: Sequence[Line]) -> None:
    """Print how many lines are sales, and what is left out of the orders by which rule."""
    kinds, pieces = Counter(line.kind for line in lines), Counter[str]()
    for line in lines:
        pieces[line.kind] += line.delta
    table = Table("lines", "number", "pieces", title=f"{len(lines):,} lines")
    table.add_row("sales: the orders", f"{kinds['sale']:,}", f"{pieces['sale']:+,}")
    for kind, rule in LEFT_OUT.items():
        table.add_row(f"left out, {rule}", f"{kinds[kind]:,}", f"{pieces[kind]:+,}")
    _console().print(table)
    money = sum(line.price * -line.quantity for line in lines if line.kind == "cancelled")
    guests = [line for line in lines if not line.customer]
    sys.stdout.write(
        f"cancellations: {money:,} in money; {len(returns(lines))} equal a whole earlier invoice of their customer\n"
        f"without a customer: {len(guests):,} lines of {len({line.invoice for line in guests}):,} invoices, a guest's\n"
    )


def report(url: str, replayed: Replayed, comparison: Comparison) -> bool:
    """Print what a replay came to; return whether file and shop agree, and all books are right."""
    sys.stdout.write(
        f"{replayed.orders:,} orders of {replayed.products:,} products in {replayed.seconds:.1f} s, "
        f"{replayed.prices:,} changes of prices, {replayed.adjustments:,} adjustments\n"
    )
    table = Table("of", "lines", "invoices", "pieces", "money")
    for each in (comparison.file, comparison.shop):
        table.add_row(each.of, *(f"{number:,}" for number in each[1:]))
    _console().print(table)
    sys.stdout.writelines(f"{line}\n" for line in comparison.differences)
    books = verified(url)
    sys.stdout.write(f"{len(comparison.differences)} differences; angidi verify: {'clean' if books else 'differs'}\n")
    return books and not comparison.differences


def verified(url: str) -> bool:
    """Tell whether `angidi verify` finds nothing at `url`; what it finds is printed."""
    environment = {**os.environ, "DATABASE_URL": url, "ANGIDI_ENV_FILE": os.devnull}
    command = [sys.executable, "-m", "angidi", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stdout.write(done.stdout + done.stderr)
    return not done.returncode


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 120)


if __name__ == "__main__":
    sys.exit(main())
