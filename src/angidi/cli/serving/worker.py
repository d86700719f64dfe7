"""`angidi worker`: the job worker, a process of its own."""

import asyncio
from contextlib import AbstractContextManager

import click
from msgspec import json

from angidi.app import Services
from angidi.cli.context import open_services, resolve_database, with_one_connection, with_services
from angidi.config import Settings, load
from angidi.db.conninfo import DatabaseUrls
from angidi.jobs.sweeps import Sweep, run_once, run_until, sweeps_of
from angidi.server.children import end_with_parent, supervised_child
from angidi.server.signals import StopSignals, stop_event
from angidi.telemetry import logs
from angidi.telemetry.shared_metrics import join_metrics


@click.command()
@click.option("--once", is_flag=True, help="Run each sweep once and end, as a job of cron does.")
@click.option("--json", "as_json", is_flag=True, help="With --once: report as one JSON object on standard output.")
@click.option("--beside", is_flag=True, hidden=True, help="End when standard input is closed: with the server.")
def worker(*, once: bool, as_json: bool, beside: bool) -> None:
    """Run the job worker.

    It gives back what expired reservations hold, and cancels orders that were pending for longer than
    ORDER_PENDING_TTL. It deletes expired reservations, idempotency keys and expired sessions after a day, expired
    counts of failed log-ins, and after 90 days the addresses that accounts logged in from. Any number may run at the
    same time. SIGTERM or SIGINT ends it after the current batch. It waits for a database that is away.
    """
    settings = load()
    if as_json and not once:
        raise click.UsageError("--json goes together with --once.")
    if once:
        _report(with_services(lambda services: run_once(_sweeps(services, settings)), settings), as_json=as_json)
        return
    signals = StopSignals()
    signals.install()
    logs.configure(settings.log_level, settings.log_format)
    join_metrics()
    with resolve_database(settings) as where:
        asyncio.run(_run(settings, where, signals, beside=beside))


def worker_process(settings: Settings, where: DatabaseUrls) -> AbstractContextManager[None]:
    """Run a job worker as a child process for the length of the block."""
    environment = {"DATABASE_URL": where.main} if settings.embedded else {}
    return supervised_child("the job worker", ["angidi", "worker", "--beside"], environment)


async def _run(settings: Settings, where: DatabaseUrls, signals: StopSignals, *, beside: bool) -> None:
    stop = stop_event(signals)
    if beside:
        end_with_parent(stop)
    async with open_services(with_one_connection(settings), where) as services:
        await run_until(stop, _sweeps(services, settings))


def _sweeps(services: Services, settings: Settings) -> list[Sweep]:
    return sweeps_of(
        services.orders,
        services.reservations,
        services.idempotency,
        services.sessions,
        services.throttle,
        settings.order_pending_ttl,
    )


def _report(swept: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.encode({name.replace(" ", "_"): number for name, number in swept.items()}).decode())
        return
    for name, number in swept.items():
        click.echo(f"{number:>8,} {name}")
