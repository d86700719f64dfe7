"""`angidi db slow`: the slowest statements and their plans."""

from collections.abc import Callable
from datetime import datetime
from textwrap import dedent, indent

import click
from msgspec import Struct, json

from angidi.cli.context import resolve_database
from angidi.cli.options import json_option
from angidi.cli.tables import format_percent, format_time, print_table
from angidi.config import ConfigError, load
from angidi.db.diagnostics import statements
from angidi.db.diagnostics.plans import generic_plan
from angidi.db.diagnostics.statements import StatementStats
from angidi.db.inspection import connect
from angidi.telemetry.statements import shorten

ORDERS: dict[str, Callable[[StatementStats], float]] = {
    "total": lambda stats: stats.seconds,
    "mean": lambda stats: stats.seconds / stats.calls,
    "max": lambda stats: stats.longest,
    "calls": lambda stats: stats.calls,
}
SHOWN = 120
"""Maximum characters of a statement in the table."""

HIDDEN = "{hidden} statements of other roles are hidden: a superuser has to run GRANT pg_read_all_stats TO {user}"
RESTART = (
    "the embedded PostgreSQL was started without pg_stat_statements: stop all processes that use it, and start again"
)


class Slow(Struct, frozen=True):
    """One statement of the report. Times are milliseconds; `share` is its part of the total time."""

    statement: str
    calls: int
    mean_ms: float
    max_ms: float
    total_ms: float
    share: float
    rows: int
    plan: str | None


class Report(Struct, frozen=True):
    """The report, with the start of the statistics."""

    since: datetime
    statements: list[Slow]


@click.command()
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="Number of statements.")
@click.option("--by", type=click.Choice(list(ORDERS)), default="total", show_default=True, help="Sort key.")
@click.option("--plans", type=click.IntRange(0), default=3, show_default=True, help="Number of plans.")
@click.option("--reset", is_flag=True, help="Reset the statistics instead of showing them.")
@json_option
def slow(*, limit: int, by: str, plans: int, reset: bool, as_json: bool) -> None:
    """Show the statements that take the most time, with their plans.

    Statistics come from pg_stat_statements. The embedded server has it; on another server a superuser has to load and
    create it. Plans are generic plans; no statement is run. Empty statements and those that begin or end a transaction
    are left out, but for COMMIT.

    Exit codes: 0 done · 78 the server does not collect statement statistics.
    """
    settings = load()
    with resolve_database(settings) as where, connect(where.direct) as conn:
        try:
            if reset:
                statements.reset(conn)
                click.echo("statistics reset", err=True)
                return
            snapshot = statements.take_snapshot(conn)
        except ConfigError as error:
            raise ConfigError(RESTART if settings.embedded else str(error)) from None
        if snapshot.hidden:
            click.echo(HIDDEN.format(hidden=snapshot.hidden, user=conn.info.user), err=True)
        ranked = sorted(snapshot.statements, key=ORDERS[by], reverse=True)[:limit]
        generic_plans = [generic_plan(conn, stats.statement) if n < plans else None for n, stats in enumerate(ranked)]
    total = sum(stats.seconds for stats in snapshot.statements)
    lines = [_line(stats, total, plan) for stats, plan in zip(ranked, generic_plans, strict=True)]
    report = Report(snapshot.since, lines)
    click.echo(json.encode(report)) if as_json else _print(report)


def _line(stats: StatementStats, total: float, plan: str | None) -> Slow:
    return Slow(
        statement=dedent(stats.statement).strip(),
        calls=stats.calls,
        mean_ms=round(stats.seconds / stats.calls * 1000, 3),
        max_ms=round(stats.longest * 1000, 3),
        total_ms=round(stats.seconds * 1000, 3),
        share=round(stats.seconds / total, 4) if total else 0.0,
        rows=stats.rows,
        plan=plan,
    )


def _print(report: Report) -> None:
    if not report.statements:
        click.echo("no statement has been recorded yet")
        return
    click.echo(f"since {format_time(report.since)}\n")
    rows = [
        (n, s.mean_ms, s.max_ms, s.total_ms, format_percent(s.share), s.calls, s.rows, shorten(s.statement, SHOWN))
        for n, s in enumerate(report.statements, 1)
    ]
    print_table((">#", ">mean ms", ">max ms", ">total ms", ">share", ">calls", ">rows", "statement"), rows)
    for number, each in enumerate(report.statements, 1):
        if each.plan is not None:
            click.echo(f"\n#{number}\n{indent(each.statement, '    ')}\n\n{indent(each.plan, '    ')}")
