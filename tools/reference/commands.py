"""docs/reference/cli.md: the help of every command."""

from collections.abc import Iterator
from typing import Any

import click

from angidi.cli.main import main
from angidi.migrate.golang.usage import USAGE

WIDTH = 100

INTRODUCTION = """\
# Commands

Made by `make docs` from the commands themselves, and compared with them by `make check`.

`make run` and the other targets call these; by hand they are `.venv/bin/angidi …`. Every command reads the
[settings](settings.md), and starts the embedded database for as long as it needs it. Only `serve`, `db shell` and
`migrate up`, `goto`, `run` and `verify` create one that is not there.

A failure is a line on standard error that begins with `error: `; what to do about it stands in the same line, or in one
that begins with `next: `. [SETUP.md](../database/SETUP.md#when-the-connection-fails) lists the reasons of failed
connections.

Exit codes: 0 done · 1 refused, with the reason on standard error, or found wrong · 2 wrong usage · 3 some rows refused,
all others [imported](../how-to/import-data.md) · 69 a service that is needed is not there, such as the database · 78 a
setting is wrong · 130 ended by Ctrl-C. `angidi db shell` ends with psql's, but for 69.
"""

MIGRATE = """\
## migrate

The console script of the same name takes the commands, flags and files of golang-migrate's; see
[MIGRATIONS.md](../database/MIGRATIONS.md).
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for context in _contexts(main, "angidi"):
        level = "##" if isinstance(context.command, click.Group) or context.parent == context.find_root() else "###"
        parts.append(f"{level} {context.command_path}\n\n{_fenced(context.get_help())}")
    return "\n".join([*parts, MIGRATE, _fenced(USAGE)])


def _contexts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """Yield the contexts of a command and of all below it, as a call of each would have them."""
    settings: dict[str, Any] = dict(command.context_settings) | ({} if parent else {"terminal_width": WIDTH})
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield context
    if isinstance(command, click.Group):
        for below in sorted(command.commands):
            yield from _contexts(command.commands[below], below, context)


def _fenced(text: str) -> str:
    return f"```text\n{text.strip()}\n```\n"
