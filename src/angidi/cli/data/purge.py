"""`angidi purge`: removal for good of what was deleted softly."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import click
from msgspec import Struct, json
from rich.console import Console

from angidi.app import Services
from angidi.cli.context import with_services
from angidi.cli.options import json_option
from angidi.cli.tables import format_time, print_table
from angidi.config import parse_duration
from angidi.db.purging import Purgeable

_DAYS = re.compile(r"(?P<days>\d+)d(?P<rest>.*)")

FORMS = "is neither a duration, such as 90d or 36h, nor a date, such as 2026-01-31 or 2026-01-31T12:00:00+01:00"


class PurgeTime(click.ParamType[datetime]):
    """A time in the past: a date, or how long ago, as Go writes durations and with days (`d`) in front."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time. Dates without a zone are UTC."""
        try:
            when = _before(str(value)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value} {FORMS}", param, ctx)
        if when > datetime.now(UTC):
            self.fail(f"{value} is in the future", param, ctx)
        return when


class Purged(Struct, frozen=True):
    """What a purge did to one table.

    `rows` were deleted before the time, the first at `oldest`; `referenced` of them are kept, because others refer to
    them. `removed` are gone, `left` are still there: those, and what was being changed meanwhile.
    """

    rows: int
    oldest: datetime | None
    referenced: int
    removed: int
    left: int


class PurgeReport(Struct, frozen=True):
    """The report of a purge, or of its dry run."""

    deleted_before: datetime
    applied: bool
    products: Purged
    users: Purged


Count = Callable[[datetime], Awaitable[Purgeable]]
Purge = Callable[[datetime], AsyncGenerator[int]]


@click.command()
@click.option(
    "--deleted-before",
    "before",
    type=PurgeTime(),
    required=True,
    metavar="TIME",
    help="Only what was deleted before this: 90d, 36h, 1d12h ago, or a date.",
)
@click.option("--apply", is_flag=True, help="Remove it. Without this nothing is removed.")
@json_option
def purge(*, before: datetime, apply: bool, as_json: bool) -> None:
    """Remove for good the products and users that were deleted.

    Without --apply it is a dry run, which says how many there are. With --apply they cannot be restored any more. What
    others refer to is kept and counted. Clients can use the shop meanwhile; after an interruption, run it again.

    Exit codes: 0 done, or nothing to do · 2 wrong usage.
    """

    async def work(services: Services) -> PurgeReport:
        products, users = services.products, services.users
        return PurgeReport(
            before,
            apply,
            await _purge(products.count_purgeable, products.purge if apply else None, before),
            await _purge(users.count_purgeable, users.purge if apply else None, before),
        )

    report = with_services(work)
    click.echo(json.encode(report)) if as_json else _print(report)


async def _purge(count: Count, remove: Purge | None, before: datetime) -> Purged:
    """Count, remove if `remove` is given, and count what is left. Shows the progress on a terminal."""
    there = await count(before)
    if not (remove and there.rows):
        return Purged(there.rows, there.oldest, there.referenced, removed=0, left=there.rows)
    removed = 0
    with Console(stderr=True).status("removing") as status:
        async with aclosing(remove(before)) as batches:
            async for batch in batches:
                removed += batch
                status.update(f"removed {removed:,} of {there.rows:,}")
    after = await count(before)
    return Purged(there.rows, there.oldest, after.referenced, removed, after.rows)


def _print(report: PurgeReport) -> None:
    tables = {"products": report.products, "users": report.users}
    when = format_time(report.deleted_before)
    if not any(table.rows for table in tables.values()):
        click.echo(f"nothing was deleted before {when}")
        return
    click.echo(f"deleted before {when}:\n")
    rows = [
        (name, table.rows, table.oldest and format_time(table.oldest), table.referenced, table.removed, table.left)
        for name, table in tables.items()
    ]
    print_table(("table", ">deleted", "oldest", ">referenced", ">removed", ">left"), rows)
    if not report.applied:
        click.echo("\nnothing is removed yet; to remove them for good, add --apply")


def _before(text: str) -> datetime:
    """Return the time that a text means. Raises ValueError, OverflowError."""
    if text[4:5] == "-":
        when = datetime.fromisoformat(text)
        return when if when.tzinfo else when.replace(tzinfo=UTC)
    days = _DAYS.fullmatch(text)
    rest = parse_duration((days["rest"] or "0") if days else text)
    age = timedelta(days=int(days["days"]) if days else 0)
    return datetime.now(UTC) - age - (rest if isinstance(rest, timedelta) else timedelta())
