"""The group `angidi migrate …`, to be mounted in any command line."""

from pathlib import Path

from . import check, create, report, run
from .context import Group, Guard, ResolveDatabase, accept, print_event


def build_group(
    directory: Path, resolve_database: ResolveDatabase, name: str = "migrate", guard: Guard = accept
) -> Group:
    """Return the group; without --path it uses `directory`, without --database what `resolve_database` gives.

    `guard` sees each database before a command takes the files in `directory` to it, and raises where they do not fit.

    Errors leave it as `MigrateError`; a run that a signal ended exits with 128 and the signal's number.
    """
    group = Group(name, help="Apply, undo and check schema migrations.")
    group.directory, group.resolve_database, group.guard = directory, resolve_database, guard
    for module in (run, report, check, create):
        for command in module.COMMANDS:
            group.add_command(command)
    return group


__all__ = ["Group", "ResolveDatabase", "build_group", "print_event"]
