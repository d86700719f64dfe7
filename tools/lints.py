"""The project's own lint rules, which no linter provides: `python -m tools.lints`.

A rule gets one Python file and yields line numbers and messages. To add one, write the function and name it in RULES;
a test in tests/contracts/test_lints.py gives it a file that breaks it. Rules about several files follow below RULES.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from tools.words import former_names

PROJECT = Path(__file__).parents[1]

MOST_LINES = 300
MOST_FUNCTION_LINES = 45
MOST_FILES = 15

SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER|DROP|TRUNCATE|LOCK|COPY)\s")
STAR = re.compile(r"\bSELECT\s+(DISTINCT\s+)?(\w+\.)?\*")
SCHEMA = re.compile(r"\b(FROM|JOIN|INTO|UPDATE|TABLE)\s+public\.")
SQL_HOMES = ("src/angidi/db/", "src/angidi/embedded/", "src/angidi/migrate/", "src/angidi/http/health.py")
SQL_FILES = (
    "/repository.py",
    "/statements.py",
    "/staging.py",
    "/checks.py",
    "/storing.py",
    "/progress.py",
    "/paths.py",
)
TRANSACTION_HOMES = ("src/angidi/db/", "src/angidi/migrate/")
SILENCED = re.compile(r"#\s*(noqa|type: ignore|pyright: ignore|pragma: no cover)(:\s*[A-Z0-9, ]+|\[[\w, ]+\])?")

Findings = Iterator[tuple[int, str]]


class File(NamedTuple):
    """A Python file: its path from the project's folder, its text, its syntax."""

    path: str
    text: str
    tree: ast.Module


def is_short(file: File) -> Findings:
    """Refuse a file under src/ of more than 300 lines."""
    if (lines := file.text.count("\n")) > MOST_LINES and file.path.startswith("src/"):
        yield 1, f"has {lines} lines, and {MOST_LINES} are a lot: split it"


def has_short_functions(file: File) -> Findings:
    """Refuse a function under src/ of more than 45 lines."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and file.path.startswith("src/"):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, and {MOST_FUNCTION_LINES} are a lot: split it"


def lists_columns(file: File) -> Findings:
    """Refuse SQL that lists no columns, or names a schema: a shop can then live in one of its own."""
    for line, text in _strings(file):
        if file.path.startswith("src/") and STAR.search(text):
            yield line, "SELECT * : list the columns"
        if file.path.startswith("src/") and SCHEMA.search(text):
            yield line, "the schema `public` is named: leave it to the search path"


def keeps_sql_in_repositories(file: File) -> Findings:
    """Refuse SQL outside repositories (and what an import adds to one), db/, migrate/ and the health probe."""
    if not file.path.startswith("src/") or file.path.startswith(SQL_HOMES) or file.path.endswith(SQL_FILES):
        return
    for line, text in _strings(file):
        if SQL.match(text):
            yield line, "SQL outside a repository: move the statement there"


def opens_transactions_in_services(file: File) -> Findings:
    """Refuse a transaction outside a service, which owns it, and a commit anywhere."""
    if not file.path.startswith("src/") or file.path.startswith(TRANSACTION_HOMES):
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "transaction" and not file.path.endswith("/service.py"):
                yield node.lineno, "a transaction outside a service: the business verb owns it"
            if node.func.attr in {"commit", "rollback"}:
                yield node.lineno, f"{node.func.attr}(): the end of the transaction's block does it"


def gives_reasons(file: File) -> Findings:
    """Refuse a silenced check without its rule and its reason: `# noqa: S104 - an example`."""
    for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
        if token.type == tokenize.COMMENT and (found := SILENCED.search(token.string)):
            reason = token.string[found.end() :].lstrip(" -#")
            if not reason or not (found[2] or found[1] == "pragma: no cover"):
                yield token.start[0], f"{found[0].strip()} : name the rule, and the reason after “ - ”"


def uses_standard_names(file: File) -> Findings:
    """Refuse definitions with names that standard terms have replaced (see `tools.words`)."""
    yield from former_names(file.path, file.tree)


RULES = (
    is_short,
    has_short_functions,
    lists_columns,
    keeps_sql_in_repositories,
    opens_transactions_in_services,
    gives_reasons,
    uses_standard_names,
)


def problems(path: str, text: str) -> list[str]:
    """Return what is wrong with the file `path`, relative to the project, whose content is `text`."""
    file = File(path, text, ast.parse(text))
    found = sorted({(line, what) for rule in RULES for line, what in rule(file)})
    return [f"{path}:{line}: {what}" for line, what in found]


def shared_class_names(files: Iterable[File]) -> list[str]:
    """Return a message for each class under src/angidi whose name another class has."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ClassDef) and file.path.startswith("src/angidi/"):
                places[node.name].append(f"{file.path}:{node.lineno}")
    return [
        f"{place}: class {name} has the name of another class: {', '.join({*found} - {place})}"
        for name, found in places.items()
        for place in found
        if len(found) > 1
    ]


def crowded_folders(paths: Iterable[str]) -> list[str]:
    """Return a message for each folder under src/angidi with more than 15 Python files."""
    counts = Counter(PurePath(path).parent.as_posix() for path in paths if path.startswith("src/angidi/"))
    return [
        f"{folder}: has {count} Python files, more than {MOST_FILES}: use subfolders by subject"
        for folder, count in counts.items()
        if count > MOST_FILES
    ]


def lock_problems(path: str, text: str) -> list[str]:
    """Return what is wrong with a lock: it holds names, versions and hashes, and no address of any machine."""
    return [
        f"{path}:{number}: names a place: a lock holds versions and hashes only"
        for number, line in enumerate(text.splitlines(), 1)
        if "://" in line or line.lstrip().startswith(("--find-links", "--index-url", "--extra-index-url", "-e", "/"))
    ]


def _strings(file: File) -> Iterator[tuple[int, str]]:
    """Strings of the file with their lines; those that stand alone (docstrings) are prose and left out."""
    prose = {id(node.value) for node in ast.walk(file.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def main() -> int:
    """Print every problem of the project; return 1 where there is one."""
    found: list[str] = []
    files: list[File] = []
    for folder in ("src", "tests", "tools", "benchmarks"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            files.append(File(path.relative_to(PROJECT).as_posix(), text, ast.parse(text)))
    found += [message for file in files for message in problems(file.path, file.text)]
    found += shared_class_names(files) + crowded_folders(file.path for file in files)
    for path in sorted([*PROJECT.glob("requirements/*.txt"), *PROJECT.glob("benchmarks/**/requirements.txt")]):
        found += lock_problems(path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8"))
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
