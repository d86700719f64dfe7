"""`angidi db slow`: which statements take the time, and how the database runs them."""

from collections.abc import Callable
from datetime import datetime
from textwrap import dedent, indent

import click
from msgspec import Struct, json

from angidi.cli.context import located
from angidi.cli.tables import moment, percent, print_table
from angidi.config import load
from angidi.db.inspection import connected
from angidi.db.plans import generic_plan, numbered
from angidi.db.server_statements import reset_server_figures, server_figures
from angidi.db.statements import FIGURES, OTHERS, Cost, collected, forget, shortened

ORDERS: dict[str, Callable[[Cost], float]] = {
    "total": lambda cost: cost.seconds,
    "mean": lambda cost: cost.seconds / cost.calls,
    "max": lambda cost: cost.longest,
    "calls": lambda cost: cost.calls,
}
SOURCES = {
    "server": "as the server counts (pg_stat_statements)",
    "own": "as the workers of `angidi serve` count, waiting included",
}
SHOWN = 120
"""Characters of a statement in the table."""


class Slow(Struct, frozen=True):
    """One statement of the report. Times are milliseconds, `share` is its part of all statements' time."""

    statement: str
    calls: int
    mean_ms: float
    max_ms: float
    total_ms: float
    share: float
    rows: int
    plan: str | None


class Report(Struct, frozen=True):
    """The report; `source` is who counted: `server` (pg_stat_statements) or `own` (the workers)."""

    source: str
    since: datetime | None
    statements: list[Slow]


@click.command()
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many statements.")
@click.option("--by", type=click.Choice(list(ORDERS)), default="total", show_default=True, help="What to sort by.")
@click.option("--plans", type=click.IntRange(0), default=3, show_default=True, help="Plans for how many of them.")
@click.option("--own", is_flag=True, help="Our own figures, even where the server has some.")
@click.option("--reset", is_flag=True, help="Count anew from now on, and show no figures.")
@click.option("--json", "as_json", is_flag=True, help="Report as one JSON object on standard output.")
def slow(*, limit: int, by: str, plans: int, own: bool, reset: bool, as_json: bool) -> None:  # noqa: PLR0913 - one for each option
    """Show the statements that take the most time, with their plans.

    The figures are the server's, where pg_stat_statements is installed in the database and this role may read it; else
    those that the workers of `angidi serve` write into ANGIDI_HOME every five seconds, counted from its last start. A
    plan is the one for whatever values; no statement is run for it.
    """
    settings = load()
    folder = settings.angidi_home / FIGURES
    with located(settings) as where, connected(where.direct) as conn:
        server = None if own else server_figures(conn)
        if reset:
            forget(folder) if server is None else reset_server_figures(conn)
            click.echo("counting anew from now on", err=True)
            return
        figures = collected(folder) if server is None else server
        ranked = sorted(figures.costs, key=ORDERS[by], reverse=True)[:limit]
        written = [numbered(cost.statement) if server is None else cost.statement for cost in ranked]
        found = [
            None if number >= plans or cost.statement == OTHERS else generic_plan(conn, statement)
            for number, (cost, statement) in enumerate(zip(ranked, written, strict=True))
        ]
    total = sum(cost.seconds for cost in figures.costs)
    lines = [_line(cost, total, plan) for cost, plan in zip(ranked, found, strict=True)]
    report = Report("own" if server is None else "server", figures.since, lines)
    click.echo(json.encode(report)) if as_json else _print(report)


def _line(cost: Cost, total: float, plan: str | None) -> Slow:
    return Slow(
        statement=dedent(cost.statement).strip(),
        calls=cost.calls,
        mean_ms=round(cost.seconds / cost.calls * 1000, 3),
        max_ms=round(cost.longest * 1000, 3),
        total_ms=round(cost.seconds * 1000, 3),
        share=round(cost.seconds / total, 4) if total else 0.0,
        rows=cost.rows,
        plan=plan,
    )


def _print(report: Report) -> None:
    if not report.statements:
        click.echo("no statement was counted yet: `angidi serve` counts them, and tells here every five seconds")
        return
    click.echo(f"{SOURCES[report.source]}, since {moment(report.since)}\n")
    rows = [
        (n, s.mean_ms, s.max_ms, s.total_ms, percent(s.share), s.calls, s.rows, shortened(s.statement, SHOWN))
        for n, s in enumerate(report.statements, 1)
    ]
    print_table((">#", ">mean ms", ">max ms", ">total ms", ">share", ">calls", ">rows", "statement"), rows)
    for number, each in enumerate(report.statements, 1):
        if each.plan is not None:
            click.echo(f"\n#{number}\n{indent(each.statement, '    ')}\n\n{indent(each.plan, '    ')}")
