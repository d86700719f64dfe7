"""`angidi db report`, `unused-indexes` and `bloat`: database statistics."""

from datetime import UTC, datetime, timedelta

import click
from msgspec import json

from angidi.cli.context import resolve_database
from angidi.cli.options import json_option
from angidi.cli.tables import format_percent, format_size, format_time, print_table
from angidi.config import load
from angidi.db.diagnostics import tables as statistics
from angidi.db.diagnostics.tables import IndexBloat, Overview, StatsPeriod, TableBloat, TableStats, UnusedIndex
from angidi.db.inspection import connect


@click.command()
@json_option
def report(*, as_json: bool) -> None:
    """Show sizes, connections, cache hits, and how each table is accessed.

    A hit is a page found in PostgreSQL's own buffers; a page from the system's cache counts as a miss.
    """
    with resolve_database(load()) as where, connect(where.direct) as conn:
        whole, tables = statistics.overview(conn), statistics.table_stats(conn)
    if as_json:
        click.echo(json.encode({"database": whole, "tables": tables}))
    else:
        _print_overview(whole)
        _print_tables(tables)


@click.command("unused-indexes")
@json_option
def unused_indexes(*, as_json: bool) -> None:
    """Show the indexes that no query has read since the statistics were reset.

    Only this server's queries count: a replica has statistics of its own. Less than a month of statistics says little,
    because some queries run once a month.
    """
    with resolve_database(load()) as where, connect(where.direct) as conn:
        since, indexes = statistics.statistics_since(conn), statistics.unused_indexes(conn)
    if as_json:
        figures = {"since": since.reset, "server_started": since.started, "too_soon": _too_soon(since)}
        click.echo(json.encode({**figures, "indexes": indexes}))
    else:
        _print_unused(indexes, since)


@click.command()
@json_option
def bloat(*, as_json: bool) -> None:
    """Show the estimated bloat of tables and B-trees, and when they were last vacuumed.

    The estimate uses the number of rows and the average widths of columns from ANALYZE; nothing is scanned. Equal keys
    share space in a B-tree, so bloat may be hidden in an index with many of them.
    """
    with resolve_database(load()) as where, connect(where.direct) as conn:
        tables, indexes = statistics.table_bloat(conn), statistics.index_bloat(conn)
    if as_json:
        click.echo(json.encode({"tables": tables, "indexes": indexes}))
    else:
        _print_table_bloat(tables)
        _print_index_bloat(indexes)
        if any(each.wasted_bytes is None for each in (*tables, *indexes)):
            click.echo("\nunknown: empty, or never analyzed; run ANALYZE")


def _print_overview(whole: Overview) -> None:
    click.echo(
        f"{format_size(whole.bytes)}, "
        f"{whole.connections} connections ({whole.active} active) of {whole.most_connections}; "
        f"cache hits {format_percent(whole.cache_hits) or 'none'}; "
        f"{whole.commits:,} commits, {whole.rollbacks:,} rollbacks, {whole.deadlocks:,} deadlocks, "
        f"{format_size(whole.temp_bytes)} in temporary files; "
        f"since {format_time(whole.since) if whole.since else 'the database was created'}\n"
    )


def _print_tables(tables: list[TableStats]) -> None:
    columns = ("table", ">rows", ">size", ">indexes", ">scans", ">index scans", ">hot updates", ">hits", ">index hits")
    rows = [
        (
            *(
                each.table,
                each.live_rows,
                format_size(each.bytes),
                format_size(each.index_bytes),
                each.scans,
                each.index_scans,
            ),
            *(format_percent(each.hot_updates), format_percent(each.cache_hits), format_percent(each.index_cache_hits)),
        )
        for each in tables
    ]
    print_table(columns, rows) if rows else click.echo(NO_TABLES)


def _print_unused(indexes: list[UnusedIndex], since: StatsPeriod) -> None:
    counted = "the statistics began, which is not noted; the server has run"
    period = (
        f"since {format_time(since.reset)}" if since.reset else f"since {counted} since {format_time(since.started)}"
    )
    if not indexes:
        click.echo(f"every index was read {period}")
        return
    click.echo(f"not read {period}:\n")
    unknown = "too soon to tell" if _too_soon(since) else "nothing known"
    rows = [
        (each.index, each.table, format_size(each.bytes), each.kept_for or unknown, each.comment) for each in indexes
    ]
    print_table(("index", "table", ">size", "kept for", "comment"), rows)


def _too_soon(since: StatsPeriod) -> bool:
    """Tell whether the statistics are too young; an unknown reset counts as the start of the server."""
    return datetime.now(UTC) - (since.reset or since.started) < MIN_OBSERVATION


def _print_table_bloat(tables: list[TableBloat]) -> None:
    columns = ("table", ">size", ">waste", ">share", ">rows", ">dead", "last vacuum", "last analyze")
    rows = [
        (
            *(each.table, format_size(each.bytes), *_waste(each)),
            *(each.live_rows, each.dead_rows, format_time(each.last_vacuum), format_time(each.last_analyze)),
        )
        for each in tables
    ]
    print_table(columns, rows) if rows else click.echo(NO_TABLES)


def _print_index_bloat(indexes: list[IndexBloat]) -> None:
    if indexes:
        click.echo()
        rows = [(each.index, each.table, format_size(each.bytes), *_waste(each)) for each in indexes]
        print_table(("index", "table", ">size", ">waste", ">share"), rows)


def _waste(each: TableBloat | IndexBloat) -> tuple[str, str | None]:
    if each.wasted_bytes is None:
        return "unknown", None
    return format_size(each.wasted_bytes), format_percent(each.wasted_bytes / each.bytes if each.bytes else 0.0)


MIN_OBSERVATION = timedelta(days=30)
"""Minimum age of statistics that call an index unused."""

NO_TABLES = "there are no tables: the database is not migrated"
COMMANDS = (report, unused_indexes, bloat)
