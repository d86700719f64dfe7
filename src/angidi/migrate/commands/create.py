"""The commands that write files."""

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from angidi.migrate.database.dump import dump as dump_schema
from angidi.migrate.errors import MigrateError
from angidi.migrate.files.create import Naming
from angidi.migrate.files.create import create as create_files
from angidi.migrate.files.renumber import renumber as renumber_files

from .context import Context, MigrateCommand, print_line


def _name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    """Refuse a name that is no good in a file's; golang-migrate would take it."""
    if re.fullmatch("[a-z0-9_]+", name):
        return name
    better = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_") or "add_reviews"
    raise click.BadParameter(f"is made of a-z, 0-9 and _, as in {better}")


@click.command(cls=MigrateCommand)
@click.argument("name", callback=_name)
@click.option("--digits", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--time", "by_time", is_flag=True, help="Number by the time instead of in sequence.")
@click.pass_obj
def create(context: Context, name: str, digits: int, by_time: bool) -> None:
    """Create an empty up and down file called NAME, of a-z, 0-9 and _."""
    naming = Naming("sql", sequential=not by_time, digits=digits)
    paths = [str(path) for path in create_files(context.path, name, naming, datetime.now(UTC))]
    context.show(paths, lambda: click.echo("\n".join(paths)))


@click.command(cls=MigrateCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "number", type=click.IntRange(min=0), help="The new number; the next free one by default.")
@click.pass_obj
def renumber(context: Context, file: Path, number: int | None) -> None:
    """Give the migration of FILE another number, in both its files."""
    pairs = renumber_files(file, number)
    document = [{"from": str(old), "to": str(new)} for old, new in pairs]
    context.show(document, lambda: [click.echo(f"{old.name} -> {new.name}") for old, new in pairs])


@click.command(cls=MigrateCommand)
@click.option("--output", type=click.Path(path_type=Path), help="File to write; standard output by default.")
@click.option("--pg-dump", type=click.Path(exists=True, path_type=Path), help="The pg_dump to use.")
@click.pass_obj
def dump(context: Context, output: Path | None, pg_dump: Path | None) -> None:
    """Write the schema as SQL."""
    with context.opened() as migrate:
        text = dump_schema(migrate.session, pg_dump)
    if output is None:
        context.show({"schema": text}, lambda: click.echo(text, nl=False))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MigrateError(f"{output}: {error.strerror}") from error
    context.show({"output": str(output)}, lambda: print_line(f"written to {output}"))


COMMANDS = [create, renumber, dump]
