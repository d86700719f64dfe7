"""The process of the management port, which runs beside `angidi serve`."""

import asyncio
from contextlib import AbstractContextManager, nullcontext

import click

from angidi.config import Settings, load
from angidi.db.conninfo import DatabaseUrls, resolve_urls
from angidi.server.addresses import ListenAddress, url_of
from angidi.server.children import end_with_parent, supervised_child
from angidi.server.management import PortUnavailable, management_address, serve_management
from angidi.server.signals import StopSignals, stop_event
from angidi.telemetry import logs
from angidi.telemetry.shared_metrics import join_metrics


@click.command()
@click.argument("address")
@click.argument("port", type=int)
def management(address: str, port: int) -> None:
    """Serve the management port until standard input is closed: with the server."""
    signals = StopSignals()
    signals.install()
    settings = load()
    logs.configure(settings.log_level, settings.log_format)
    join_metrics()
    asyncio.run(_run(settings, (address, port), signals))


def management_process(settings: Settings, where: DatabaseUrls) -> AbstractContextManager[None]:
    """Serve the management port in a child process for the length of the block; warn if that is not possible."""
    try:
        address = management_address(settings)
    except PortUnavailable as error:
        click.echo(f"warning: {error}; health and metrics have no port of their own", err=True)
        return nullcontext()
    if address is None:
        return nullcontext()
    host, port = address
    click.echo(f"Health and metrics: {url_of(host, port)}/readyz and /metrics", err=True)
    environment = {"DATABASE_URL": where.main} if settings.embedded else {}
    return supervised_child("the process of the management port", [__name__, host, str(port)], environment)


async def _run(settings: Settings, address: ListenAddress, signals: StopSignals) -> None:
    stop = stop_event(signals)
    end_with_parent(stop)
    await serve_management(settings, resolve_urls(settings), address, stop)


if __name__ == "__main__":
    management()
