"""Every command of `angidi`, from click's own tree, with arguments for those that need some."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception
from typing import NamedTuple

import click
from click.testing import CliRunner

from angidi.cli.main import main

ARGUMENTS = {
    "db create": "--admin-url ADMIN",
    "db roles": "--dry-run",
    "db shell": "-c 'SELECT 1'",
    "export categories": "FOLDER/categories-out.csv",
    "export products": "FOLDER/products-out.csv",
    "import categories": "FOLDER/categories.csv",
    "import products": "FOLDER/products.csv",
    "migrate baseline": "1",
    "migrate create": "add_reviews --path FOLDER/new",
    "migrate drop": "--yes",
    "migrate force": "1",
    "migrate goto": "1",
    "migrate lint": "--path FOLDER/migrations",
    "migrate renumber": "FOLDER/migrations/1_a.up.sql",
    "migrate repair": "--yes",
    "migrate verify": "--path FOLDER/migrations",
    "migrate wait": "--timeout 0",
    "purge": "--deleted-before 90d --apply",
    "takeover": "--yes",
    "users delete": "ada@shop.example --yes",
    "users demote": "ada@shop.example",
    "users promote": "ada@shop.example",
    "users reset-password": "ada@shop.example",
    "users restore": "ada@shop.example",
    "users set-password": "ada@shop.example --password-stdin",
    "users show": "ada@shop.example",
    "users create": "--email ada@shop.example --name Ada --password 'correct horse'",
    "worker": "--once",
}
"""Arguments by command. A command that is not here is called without any."""

ANSWERS = "correct horse battery\n" * 2
"""Standard input: what a command may ask for is a password."""

WRITING = frozenset(
    (
        *(f"users {name}" for name in ("delete", "demote", "promote", "reset-password", "restore", "set-password")),
        *("purge", "serve", "seed", "takeover", "worker", "import categories", "import products"),
        *("users create", "db create", "db shell"),
        *(f"migrate {name}" for name in ("baseline", "create", "down", "drop", "force", "goto", "redo", "renumber")),
        *(f"migrate {name}" for name in ("repair", "run", "up", "verify")),
    )
)
"""The commands that change something; all others only read."""


def commands(command: click.Command = main, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield name and command of every command that is no group."""
    if isinstance(command, click.Group):
        for name, below in sorted(command.commands.items()):
            yield from commands(below, *path, name)
    else:
        yield " ".join(path), command


class Outcome(NamedTuple):
    """How a command ended; `traceback` is empty unless it failed unforeseen."""

    exit_code: int
    stdout: str
    stderr: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """A folder with the files that commands take."""

    folder: Path

    def write(self) -> "Files":
        (self.folder / "new").mkdir(parents=True)
        (self.folder / "migrations").mkdir()
        (self.folder / "migrations/1_a.up.sql").write_text("CREATE TABLE a (id int)")
        (self.folder / "migrations/1_a.down.sql").write_text("DROP TABLE a")
        (self.folder / "categories.csv").write_text("id,name,parent_id\n1,Cups,\n")
        (self.folder / "products.csv").write_text("sku,name,price,stock,category_id\nA-1,Mug,5,1,Cups\n")
        return self

    def arguments(self, name: str, admin: str) -> list[str]:
        """Return the words of the command `name`, with a superuser's URL `admin` where it takes one."""
        words = shlex.split(ARGUMENTS.get(name, ""))
        return [*name.split(), *(word.replace("FOLDER", str(self.folder)).replace("ADMIN", admin) for word in words)]

    def run(self, name: str, admin: str) -> Outcome:
        """Run a command with the settings of the environment; `serve` as a process, because it takes over the logs."""
        arguments = self.arguments(name, admin)
        if name == "serve":
            done = subprocess.run(
                [sys.executable, "-m", "angidi", *arguments], capture_output=True, text=True, check=False, timeout=100
            )
            return Outcome(done.returncode, done.stdout, done.stderr, done.stderr if "Traceback" in done.stderr else "")
        result = CliRunner().invoke(main, arguments, input=ANSWERS)
        foreseen = result.exception is None or isinstance(result.exception, SystemExit)
        traceback = "" if foreseen else "".join(format_exception(result.exception))
        return Outcome(int(result.exit_code), result.stdout, result.stderr, traceback)
