"""`angidi migrate …`: schema versions of the configured database."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click

from angidi.cli.context import MIGRATIONS, located
from angidi.cli.schema import say
from angidi.config import load
from angidi.migrate import Migrate, NilVersion, NoChange, ShortLimit, Source

NUMBER = click.IntRange(min=0)


@click.group("migrate")
def group() -> None:
    """Apply and undo schema migrations."""


@group.command()
@click.argument("count", type=NUMBER, required=False)
def up(count: int | None) -> None:
    """Apply COUNT migrations, or all that are pending."""
    _run(lambda migrate: migrate.up() if count is None else migrate.steps(count))


@group.command()
@click.argument("count", type=NUMBER, required=False)
@click.option("--all", "everything", is_flag=True, help="Undo all of them, without asking.")
def down(count: int | None, *, everything: bool) -> None:
    """Undo COUNT migrations; without COUNT all, after asking."""
    if count is None and not everything:
        click.confirm("Undo all migrations?", abort=True, err=True)
    _run(lambda migrate: migrate.down() if count is None else migrate.steps(-count))


@group.command()
@click.argument("version", type=NUMBER)
def goto(version: int) -> None:
    """Go up or down to VERSION."""
    _run(lambda migrate: migrate.migrate(version))


@group.command(context_settings={"ignore_unknown_options": True})
@click.argument("version", type=click.IntRange(min=-1))
def force(version: int) -> None:
    """Record VERSION as the current one and clean, running nothing; -1 is none."""
    _run(lambda migrate: migrate.force(version))


@group.command()
def version() -> None:
    """Print the current version."""
    _run(lambda _: None)


@group.command()
@click.argument("name", required=False)
def create(name: str | None) -> None:
    """Make the next pair of files, called NAME; without NAME asks for it."""
    title = "_".join((name or click.prompt("Name of the migration", err=True)).lower().split())
    number = Source(MIGRATIONS).versions[-1] + 1
    for direction in ("up", "down"):
        path = MIGRATIONS / f"{number:06}_{title}.{direction}.sql"
        path.touch(exist_ok=False)
        click.echo(_shown(path))


@contextmanager
def _opened() -> Generator[Migrate]:
    with located(load()) as where, Migrate.open(Source(MIGRATIONS), where.direct, on_progress=say) as migrate:
        yield migrate


def _run(verb: Callable[[Migrate], None]) -> None:
    """Run a verb and print where the database is then."""
    with _opened() as migrate:
        try:
            verb(migrate)
        except NoChange:
            click.echo("no change", err=True)
        except ShortLimit as short:
            click.echo(str(short), err=True)
        try:
            current, dirty = migrate.version()
        except NilVersion:
            click.echo("no version: nothing is applied")
        else:
            click.echo(f"version {current}{' (dirty)' if dirty else ''}")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
