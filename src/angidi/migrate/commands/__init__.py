"""The group `angidi migrate …`, to be mounted in any command line."""

from pathlib import Path

from . import building, checking, moving, reporting
from .chosen import Group, Locate, hear


def build_group(directory: Path, locate: Locate, name: str = "migrate") -> Group:
    """Return the group; without --path it uses `directory`, without --database what `locate` gives.

    Errors leave it as `MigrateError`; a run that a signal ended exits with 128 and the signal's number.
    """
    group = Group(name, help="Apply, undo and check schema migrations.")
    group.directory, group.locate = directory, locate
    for module in (moving, reporting, checking, building):
        for command in module.COMMANDS:
            group.add_command(command)
    return group


__all__ = ["Group", "Locate", "build_group", "hear"]
