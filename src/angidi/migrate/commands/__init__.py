"""The group `angidi migrate …`, to be mounted in any command line."""

from pathlib import Path

from . import building, checking, moving, reporting
from .chosen import Group, Guard, Locate, accept, hear


def build_group(directory: Path, locate: Locate, name: str = "migrate", guard: Guard = accept) -> Group:
    """Return the group; without --path it uses `directory`, without --database what `locate` gives.

    `guard` sees each database before a verb takes the files in `directory` to it, and raises where they do not fit.

    Errors leave it as `MigrateError`; a run that a signal ended exits with 128 and the signal's number.
    """
    group = Group(name, help="Apply, undo and check schema migrations.")
    group.directory, group.locate, group.guard = directory, locate, guard
    for module in (moving, reporting, checking, building):
        for command in module.COMMANDS:
            group.add_command(command)
    return group


__all__ = ["Group", "Locate", "build_group", "hear"]
