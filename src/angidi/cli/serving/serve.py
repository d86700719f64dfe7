"""`angidi serve`: prepares the database, starts the workers and shuts down in order."""

import asyncio
import os
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

import click

from angidi.cli.context import locate_database, open_services, with_one_connection
from angidi.cli.data.seed import add_samples
from angidi.cli.db.schema import prepare_schema
from angidi.cli.serving.management import management_process
from angidi.cli.serving.sharing import shared_state
from angidi.cli.serving.worker import worker_process
from angidi.config import ConfigError, Settings, ignored_settings, load, setting_warnings
from angidi.db.conninfo import DatabaseUrls, parse_conninfo
from angidi.db.roles import check_serving_role, grant_app
from angidi.embedded import EmbeddedError, EmbeddedServer, serve_lock
from angidi.errors import Invalid
from angidi.server.addresses import ListenAddress, explain_refusal, probe_address, url_of
from angidi.server.signals import StopSignals, start_masked_thread
from angidi.server.sockets import CAN_LIST
from angidi.server.workers import Workers
from angidi.telemetry import logs
from angidi.users.errors import EmailTaken
from angidi.users.models import NewUser, UserQuery
from angidi.users.service import UserService
from angidi.validation.fields import build

WATCH_INTERVAL = 2.0
"""Seconds between checks of the embedded server."""


@click.command()
@click.option("--migrate", is_flag=True, help="Apply pending migrations first.")
@click.option(
    "--seed/--no-seed",
    default=None,
    help="Fill an empty database with sample data (default: in development).",
)
@click.option(
    "--worker/--no-worker",
    default=None,
    help="Run the job worker besides (default: in development; else run “angidi worker”).",
)
def serve(*, migrate: bool, seed: bool | None, worker: bool | None) -> None:
    """Serve the API."""
    stop = StopSignals()
    stop.install()
    settings = load()
    logs.configure(settings.log_level, settings.log_format)
    for line in (*ignored_settings(), *setting_warnings(settings)):
        click.echo(f"warning: {line}", err=True)
    if settings.connections_per_address and not CAN_LIST:
        click.echo("warning: CONNECTIONS_PER_ADDRESS has no effect here, only on Linux: use a proxy's limit", err=True)
    with ExitStack() as stack:
        stack.push(stop.end_start)
        if settings.embedded:
            stack.enter_context(serve_lock(settings.angidi_home))
        address, port = listen_address(settings)
        where = stack.enter_context(locate_database(settings, create=True))
        before = prepare_schema(where.direct, migrate=migrate or settings.db_auto_migrate)
        _prepare_role(settings, where)
        stack.enter_context(shared_state(settings))
        in_development = settings.angidi_env == "development"
        _initialize(settings, where, seed=before.empty and (in_development if seed is None else seed))
        stack.enter_context(_keep_embedded_running(settings))
        if in_development if worker is None else worker:
            stack.enter_context(worker_process(settings, where))
        _announce(settings, address, port)
        stack.enter_context(management_process(settings, where))
        if settings.embedded:  # workers read the settings themselves
            os.environ["DATABASE_URL"] = where.main
        Workers(stop, address, port, settings.server_workers).run()


def listen_address(settings: Settings) -> ListenAddress:
    """Return the resolved address and the port to bind. Raises `ConfigError` if that is not possible."""
    host, port = settings.server_host, settings.server_port
    try:
        return probe_address(host, port)
    except OSError as error:
        raise ConfigError(explain_refusal("SERVER", (host, port), error, ("localhost", 8081))) from None


def _prepare_role(settings: Settings, where: DatabaseUrls) -> None:
    """Give the role that serves its rights on the embedded database; elsewhere warn if it lacks some.

    In production warn, too, if it has rights that it does not need.
    """
    if settings.embedded:
        grant_app(where.direct, parse_conninfo(where.main)["user"])
        return
    check = check_serving_role(where.main)
    for line in (*check.missing, *(check.excess if settings.production else ())):
        click.echo(f"warning: {line}; see `angidi db roles`", err=True)


def _initialize(settings: Settings, where: DatabaseUrls, *, seed: bool) -> None:
    """Create the first admin, and add sample data with `seed`."""

    async def work() -> None:
        async with open_services(with_one_connection(settings), where) as services:
            if settings.admin_email and settings.admin_password:
                await _create_first_admin(services.users, settings)
            if seed:
                click.echo(await add_samples(services), err=True)

    asyncio.run(work())


async def _create_first_admin(users: UserService, settings: Settings) -> None:
    """Create the first admin. An address of an ordinary user is a warning only: the server starts without."""
    password = settings.admin_password.get_secret_value() if settings.admin_password else ""
    wanted = {"email": settings.admin_email, "name": settings.admin_name, "password": password}
    try:
        admin = await users.ensure_admin(build(wanted, NewUser, strict=True))
    except Invalid as error:
        if (await users.page(UserQuery(role="admin", page_size=1, count="none"))).users:
            return  # rules may have become stricter since it was made
        problems = (f"ADMIN_{field.upper()}: {message}" for field, message in error.details)
        raise ConfigError("\n".join(problems)) from None
    except EmailTaken as error:
        click.echo(f"warning: ADMIN_EMAIL: {error}; create an admin with: angidi users create --admin", err=True)
        return
    if admin:
        click.echo(f"created the first admin, {admin.email}", err=True)


@contextmanager
def _keep_embedded_running(settings: Settings) -> Generator[None]:
    """Restart the embedded server if it dies."""
    if not settings.embedded:
        yield
        return
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_INTERVAL):
            with suppress(EmbeddedError):
                server.revive()

    with EmbeddedServer(settings.angidi_home) as server:
        watcher = start_masked_thread(watch)
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _announce(settings: Settings, address: str, port: int) -> None:
    url = url_of(address if ":" in address else settings.server_host, port)
    click.echo(f"Angidi answers at {url}/api/v1 (docs: {url}/docs)", err=True)
    if settings.embedded:
        click.echo("The embedded PostgreSQL is for development and trial on this machine only.", err=True)
