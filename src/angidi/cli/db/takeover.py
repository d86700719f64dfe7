"""`angidi takeover`: a database of the former service becomes ours, its times included."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

import click
from msgspec import Struct, json
from msgspec.structs import replace

from angidi.cli.context import locate_database
from angidi.cli.db.schema import check_encoding
from angidi.cli.options import json_option
from angidi.cli.schema_state import MIGRATIONS
from angidi.config import load
from angidi.db.diagnostics.former_times import (
    LAST_FORMER,
    UTC,
    TimesOfTable,
    convert,
    count_sessions,
    find_conversion,
    find_zone,
    finish,
    survey,
)
from angidi.db.inspection import is_empty, reject_former_schema
from angidi.migrate import NIL, Dirty, Migrate, MigrateError, Source, Stopped
from angidi.migrate.checks.plan import rehearse, steps_to
from angidi.migrate.commands import print_event
from angidi.migrate.run.signals import interruptible


class TakeoverReport(Struct, frozen=True):
    """What a take-over has to do, or did. `converted` tells whether it wrote times anew, `version` where it ended."""

    times_from: str
    converted: bool
    version: int
    tables: list[TimesOfTable]
    warnings: list[str]
    seconds: float = 0.0


@click.command()
@click.option(
    "--times-from",
    "zone",
    metavar="ZONE",
    help="The time zone of the former service's host, such as Europe/Berlin (default: UTC).",
)
@click.option("--dry-run", is_flag=True, help="Report only: check, rehearse, change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def takeover(*, zone: str | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Take over a database of the former Go service: convert its times, apply all migrations.

    The former service stored the local wall time of its host. --times-from names that host's zone, and each time
    becomes the instant that it meant; without it the times are read as UTC. This is done once and recorded. The first
    step is a rehearsal: a database that cannot be taken over stays as it is. Stop the former service and make a back-up
    before.

    Exit codes: 0 taken over · 1 not possible, nothing changed.
    """
    begun = monotonic()
    with _opened() as migrate:
        report = _examine(migrate, zone)
        if not as_json:
            _print(report)
        if not dry_run:
            if not yes and sys.stdin.isatty():
                click.confirm("Take it over now? The way back is the back-up.", abort=True, err=True)
            report = _take_over(migrate, report)
        seconds = round(monotonic() - begun, 1)
        if as_json:
            click.echo(json.encode(replace(report, seconds=seconds)))
        else:
            done = "nothing was changed" if dry_run else f"now at version {report.version:06}"
            click.echo(f"{done} ({seconds} s)" + ("" if dry_run else "; next: angidi verify"))


@contextmanager
def _opened() -> Generator[Migrate]:
    """Provide the database with its migrations; it has a version of the former service. Raises `MigrateError`."""
    with locate_database(load()) as where:
        check_encoding(where.direct)
        with (
            Migrate.open(Source(MIGRATIONS), where.direct, on_progress=print_event) as migrate,
            interruptible(migrate, lambda line: click.echo(line, err=True)) as interrupts,
        ):
            empty = is_empty(where.direct)
            with migrate.locked(prepare=False):
                reject_former_schema(migrate.session.connection)
                _require_former(migrate, empty=empty)
            try:
                yield migrate
            except Stopped as error:
                click.echo(str(error), err=True)
                raise SystemExit(128 + interrupts.number) from error


def _require_former(migrate: Migrate, *, empty: bool) -> None:
    version, dirty = migrate.session.table.read()
    if dirty:
        raise Dirty(version)
    if version == NIL and empty:
        raise MigrateError(
            "the database is empty: there is nothing to take over",
            "Restore the former service's database into it with pg_restore, or look at `angidi db url`.",
        )
    if version == NIL:
        raise MigrateError(
            "the database has tables, and no version is recorded",
            f"If the former service left them at version {LAST_FORMER}: `angidi migrate baseline {LAST_FORMER}` first.",
        )
    if version > LAST_FORMER:
        raise MigrateError(
            f"the database is at version {version}: it is taken over already, or was made by this service",
            "`angidi migrate up` goes on."
            if version < migrate.source.versions[-1]
            else f"To take it over with another --times-from, as long as nobody has written to it: "
            f"`angidi migrate goto {LAST_FORMER}`, then this command again.",
        )


def _examine(migrate: Migrate, given: str | None) -> TakeoverReport:
    """Rehearse what could fail and read the times; changes nothing. Raises `MigrateError`, `Invalid`."""
    conn = migrate.session.connection
    with migrate.locked(prepare=False):
        zone = find_zone(conn, given or UTC)
        conversion = find_conversion(conn)
        if conversion and (conversion.finished or zone != conversion.zone):
            raise MigrateError(
                f"the times were converted already, from {conversion.zone} on {conversion.converted_at}",
                "Restore the back-up to begin anew. If this is one, from before: DROP TABLE angidi_migrate.takeover.",
            )
        tables = survey(conn, UTC if conversion else zone)
        others = count_sessions(conn)
    for _ in rehearse(migrate, steps_to(migrate, LAST_FORMER + 1)):
        pass
    version, _ = migrate.session.table.read()
    return TakeoverReport(
        times_from=zone,
        converted=zone != UTC and conversion is None,
        version=version,
        tables=tables,
        warnings=[*_warnings(zone, tables), *([_others(others)] if others else [])],
    )


def _take_over(migrate: Migrate, report: TakeoverReport) -> TakeoverReport:
    conn = migrate.session.connection
    if report.converted:
        with migrate.locked(prepare=False):
            convert(conn, report.times_from)
    migrate.up()
    with migrate.locked():
        finish(conn)
    return replace(report, version=migrate.version()[0])


def _warnings(zone: str, tables: list[TimesOfTable]) -> list[str]:
    future = sum(each.future for each in tables)
    twice, skipped = sum(each.twice for each in tables), sum(each.skipped for each in tables)
    future_text = (
        f"{future:,} rows have a created_at in the future, read as {zone}: the host of the former service was in a "
        "zone east of it, which --times-from names"
    )
    lines = [
        (future, future_text),
        (twice, f"{twice:,} times lie in an hour that {zone} had twice; they are read as its second"),
        (skipped, f"{skipped:,} times lie in an hour that {zone} left out; they are moved behind it"),
    ]
    return [text for number, text in lines if number]


def _others(sessions: int) -> str:
    return f"the database has other sessions ({sessions}): stop the former service first"


def _print(report: TakeoverReport) -> None:
    converted = "" if report.converted else "; they are not converted"
    click.echo(f"version {report.version:06} of the former service; times from {report.times_from}{converted}")
    for each in report.tables:
        click.echo(f"{each.table:<12} {each.rows:>12,} rows, created {each.oldest or '-'} to {each.newest or '-'}")
    for text in report.warnings:
        click.echo(f"warning: {text}", err=True)
