"""Running the real golang-migrate and ours as processes."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BUILD = "github.com/golang-migrate/migrate/v4/cmd/migrate@v4.19.1"
_DURATION = re.compile(r"\((?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|µs|ms|s)\)")
FULL = bool(os.environ.get("MIGRATE_INTEROP"))
"""Whether everything is to be run, as `make interop` asks for, or a sample."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, durations and the unstable parts of its messages taken out."""

    code: int
    said: str


@dataclass(frozen=True)
class Tool:
    """A `migrate` command."""

    command: tuple[str, ...]
    strict: bool = False

    def start(self, folder: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
        environment = os.environ | {"MIGRATE_STRICT_COMPAT": "1" if self.strict else "0"}
        command = [*self.command, "-path", str(folder), "-database", url, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)

    def run(self, folder: Path, url: str, *arguments: str) -> Outcome:
        process = self.start(folder, url, *arguments)
        said, _ = process.communicate(timeout=60)
        return Outcome(process.returncode, _DURATION.sub("(D)", said))


OURS = Tool((sys.executable, "-m", "angidi.migrate.cli"))
STRICT = Tool((sys.executable, "-m", "angidi.migrate.cli"), strict=True)


@cache
def golang_migrate() -> Tool | None:
    """The real tool: `MIGRATE_GO_BINARY`, one on the path, or one built with Go; None where there is none."""
    given = os.environ.get("MIGRATE_GO_BINARY")
    candidates = [given] if given else [shutil.which("golang-migrate"), *_on_path(), _built()]
    return next((Tool((each,)) for each in candidates if each), None)


def _on_path() -> list[str]:
    """Commands named `migrate` on the path that are not ours."""
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    found = [path for folder in folders if (path := shutil.which("migrate", path=folder))]
    return [path for path in found if b"angidi" not in Path(path).read_bytes()]


def _built() -> str | None:
    """Build the tool into the user's cache, once; None without Go or where it cannot be downloaded."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "angidi-golang-migrate-4.19.1"
    binary = cache / "migrate"
    if go and not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"GOBIN": str(cache)}
        subprocess.run([go, "install", "-tags", "postgres pgx5", _BUILD], env=environment, check=False, timeout=300)
    return str(binary) if binary.exists() else None
