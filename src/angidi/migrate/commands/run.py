"""The commands that change the version."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress

import click

from angidi.migrate.checks.plan import steps_to
from angidi.migrate.checks.rewrites import Downtime, downtimes
from angidi.migrate.checks.status import status
from angidi.migrate.errors import MigrateError, NilVersion, NoChange
from angidi.migrate.run.runner import Migrate

from .context import Context, CreatingCommand, MigrateCommand, print_line

_missed = click.option("--allow-missed", is_flag=True, help="Apply files that came below the current version.")
_require = click.option("--require-down", is_flag=True, help="Refuse to go down over a version without a down file.")
_count = click.IntRange(min=0)


def _announce_downtime(migrate: Migrate, version: int | None = None, count: int | None = None) -> list[Downtime]:
    """Say which of the files to come keep everybody from a table for over a second, and return them."""
    with suppress(MigrateError):  # the command itself will raise it
        estimates = downtimes(migrate.session.connection, steps_to(migrate, version)[:count])
        for each in estimates:
            print_line(str(each))
        return estimates
    return []


@contextmanager
def _reported(context: Context, migrate: Migrate, downtime: Sequence[Downtime] = ()) -> Generator[None]:
    """Say that nothing had to be done, where that is so, and at the end which version it is now."""
    changed = True
    try:
        yield
    except NoChange as nothing:
        changed = False
        print_line(nothing.text)
    state = status(migrate)
    document = {"version": None if state.version < 0 else state.version, "dirty": state.dirty, "changed": changed}
    foretold = {"downtime": [each.document() for each in downtime]} if downtime else {}
    context.show(document | foretold, lambda: None)


@click.command(cls=CreatingCommand)
@click.argument("count", type=_count, required=False)
@_missed
@click.pass_obj
def up(context: Context, count: int | None, allow_missed: bool) -> None:
    """Apply all migrations, or the next COUNT."""
    with (
        context.opened(allow_missed=allow_missed) as migrate,
        _reported(context, migrate, _announce_downtime(migrate, None, count)),
    ):
        migrate.up() if count is None else migrate.steps(count)


@click.command(cls=MigrateCommand)
@click.argument("count", type=_count, required=False)
@click.option("--all", "everything", is_flag=True, help="Undo everything.")
@_require
@click.pass_obj
def down(context: Context, count: int | None, everything: bool, require_down: bool) -> None:
    """Undo COUNT migrations (one by default), or --all."""
    if everything and count is not None:
        raise click.UsageError("give either COUNT or --all")
    with context.opened(require_down=require_down) as migrate, _reported(context, migrate):
        migrate.down() if everything else migrate.steps(-(1 if count is None else count))


@click.command(cls=CreatingCommand)
@click.argument("version", type=_count)
@_missed
@_require
@click.pass_obj
def goto(context: Context, version: int, allow_missed: bool, require_down: bool) -> None:
    """Go up or down to VERSION."""
    with (
        context.opened(allow_missed=allow_missed, require_down=require_down) as migrate,
        _reported(context, migrate, _announce_downtime(migrate, version)),
    ):
        migrate.migrate(version)


@click.command(cls=MigrateCommand)
@click.pass_obj
def redo(context: Context) -> None:
    """Undo the current migration and apply it again."""
    with context.opened(require_down=True) as migrate, _reported(context, migrate):
        migrate.redo()


@click.command(cls=MigrateCommand, context_settings={"ignore_unknown_options": True})
@click.argument("version", type=click.IntRange(min=-1))
@click.pass_obj
def force(context: Context, version: int) -> None:
    """Record VERSION as current and clean, running nothing; -1 is nothing applied."""
    with context.opened() as migrate, _reported(context, migrate):
        migrate.force(version)


@click.command(cls=MigrateCommand)
@click.argument("version", type=_count)
@click.pass_obj
def baseline(context: Context, version: int) -> None:
    """Record VERSION for a database whose tables were made without migrations."""
    with context.opened() as migrate, _reported(context, migrate):
        with suppress(NilVersion):
            current, _ = migrate.version()
            raise MigrateError(f"the database is at version {current} already", "Use `force` to change that.")
        if version not in migrate.source.versions:
            raise MigrateError(f"no file has version {version}", "A baseline is the newest version already there.")
        migrate.force(version)


@click.command(cls=MigrateCommand)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def drop(context: Context, yes: bool) -> None:
    """Drop everything in the database's current schema."""
    if not yes:
        click.confirm("Drop every table, view, sequence, type and function of the schema?", abort=True, err=True)
    with context.opened() as migrate:
        migrate.drop()
        context.show({"dropped": True}, lambda: print_line("dropped"))


@click.command(cls=CreatingCommand)
@click.option("--direction", type=click.Choice(["up", "down"]), default="up", show_default=True)
@click.option("--steps", type=_count, default=0, help="How many; 0 is all.")
@click.pass_obj
def run(context: Context, direction: str, steps: int) -> None:
    """Apply or undo migrations and print the version, as the platform's first runner did."""
    with context.opened() as migrate:
        if direction == "up":
            _announce_downtime(migrate, None, steps or None)
        with suppress(NoChange):
            _command(migrate, direction, steps)()
        state = status(migrate)
        version = max(state.version, 0)
        document = {"version": version, "dirty": state.dirty}
        context.show(document, lambda: click.echo(f"Current version: {version}, Dirty: {str(state.dirty).lower()}"))


def _command(migrate: Migrate, direction: str, steps: int) -> Callable[[], None]:
    if steps:
        return lambda: migrate.steps(steps if direction == "up" else -steps)
    return migrate.up if direction == "up" else migrate.down


COMMANDS = [up, down, goto, redo, force, baseline, drop, run]
