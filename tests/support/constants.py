"""The SQL constants of all modules, each with something in its places."""

import ast
import functools
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from psycopg import sql

import angidi
from angidi.categories.paths import NAMED
from angidi.products.csv_rows import COLUMNS, StockMode
from angidi.products.imports import storing

STATEMENT = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|CREATE|ALTER|DROP|TRUNCATE|COPY|ANALYZE|REINDEX|EXPLAIN|LOCK|BEGIN)\s"
)

PLACES: dict[str, dict[str, str]] = {
    "": {"named": NAMED, "schema": "public", "sql": "SELECT 1"},
    "catalogue": {"name": "'users'", "table": "users", "limit": "5"},
    "former_times": {
        "table": "users",
        "tables": "users, products",
        "twice": "0",
        "skipped": "0",
        "changes": "ALTER COLUMN created_at SET NOT NULL",
    },
    "sales": {"query": "SELECT 1 AS id, 'differs' AS problem", "limit": "5"},
    "purging": {"table": "products", "referenced": "false"},
    "index_keys": {
        "table": "users",
        "predicate": "deleted_at IS NULL",
        "key": "lower(email)",
        "sample": "1",
        "order": "name, id",
        "pairs": "name AS key0, lag(name) OVER in_order AS before0",
        "is_behind": "before0 > key0",
    },
    "roles.statements": {
        "role": "checked_role",
        "attributes": "NOCREATEDB",
        "password": "'secret'",
        "database": "postgres",
        "setting": "timezone",
        "value": "'UTC'",
    },
    "provision": {
        "role": "checked_role",
        "password": "'secret'",
        "database": "postgres",
    },
}
"""What stands in the places of the constants of a module, by the end of its name."""

POSITIONAL: dict[str, list[str]] = {
    "history._INSERT": ["checked_history", *["NULL"] * 8],
    "history._CONTINUOUS": ["schema_migrations", "checked_history"],
    "execution._LOCK_TIMEOUT": ["5"],
    "storing.INDEX_BLANK": ["stock IS NULL"],
}

STOCK_MODES: tuple[StockMode, ...] = get_args(StockMode)

TABLE = "checked_history"
"""What stands in the place of any other constant that names no table of its own."""

FRAGMENTS = {
    "where": ("FILTERS", "LIVENESS", "AFTER"),
    "total": ("UNCOUNTED", "COUNT_WHOLE"),
    "assignments": ("ASSIGNMENTS",),
}
"""The constants of a module of which each stands in a place, one after the other."""

BEFORE: dict[str, tuple[str, ...]] = {
    "products.imports": (
        "products.imports.staging.CREATE",
        "products.imports.checks.CREATE_NAMES",
        "products.imports.progress.CREATE_SKUS",
        "products.imports.progress.FIND_DUPLICATES",
    ),
    "categories.imports": ("categories.imports.staging.CREATE",),
    "former_times": ("former_times.CREATE_RECORD_SCHEMA", "former_times.CREATE_RECORD"),
    "history": ("history._CREATE",),
    "provision": ("provision.CREATE_ROLE",),
    "roles.statements": ("roles.statements.CREATE_ROLE",),
    "diagnostics.statements": ("server.CREATE_STATISTICS",),
}
"""What the statements of a module need: the constants that create it."""


class Constant(NamedTuple):
    """A constant, by the module's name and its own, and its text."""

    name: str
    text: str

    def ends(self, *endings: str) -> bool:
        """Tell whether this is one of those that are named by the end of their names."""
        return self.name.endswith(tuple(f".{ending}" for ending in endings))

    @property
    def is_prepared(self) -> bool:
        """Whether it is of a kind that PREPARE takes."""
        return self.text.split(maxsplit=1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES"}


def modules() -> Iterator[str]:
    """Yield the names of all modules of the platform."""
    for module in pkgutil.walk_packages(angidi.__path__, "angidi."):
        if not module.name.endswith("__main__"):
            yield module.name


@functools.cache
def constants() -> list[Constant]:
    """Return every constant that is a statement. Names in small letters are parts of others.

    A text with an ellipsis is advice, which may begin as a statement does.
    """
    return [
        Constant(f"{module}.{name}", text)
        for module in modules()
        for name, text in _texts(module)
        if STATEMENT.match(text) and name.isupper() and "…" not in text
    ]


def _texts(module: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that a module itself assigns."""
    values = vars(importlib.import_module(module))
    tree = ast.parse(Path(str(values["__file__"])).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            value = values.get(target.id) if isinstance(target, ast.Name) else None
            if isinstance(target, ast.Name) and isinstance(value, str | sql.SQL):
                yield target.id, value if isinstance(value, str) else value.as_string(None)


def filled(constant: Constant) -> list[str]:
    """Return the statements that a constant is without its places, one for each fragment of its module."""
    if constant.ends("storing.UPSERT"):
        optional = ["category", "category_id", *COLUMNS.optional]
        files = [*([column] for column in optional), optional]
        return [storing.upsert_of([*COLUMNS.required, *file], mode) for file in files for mode in STOCK_MODES]
    for name, values in POSITIONAL.items():
        if constant.ends(name):
            return [constant.text.format(*values)]
    if "{}" in constant.text.replace("'{}'", ""):  # an empty array is no place
        return [constant.text.format(TABLE)]
    module, _, _ = constant.name.rpartition(".")
    fragments = _fragments(vars(importlib.import_module(module)))
    needed = [place for place in FRAGMENTS if f"{{{place}}}" in constant.text]
    texts = [constant.text]
    if needed:
        first = {place: fragments[place][0] for place in needed}
        texts = [_put(constant.text, first | {place: fragment}) for place in needed for fragment in fragments[place]]
    ours = [places for ending, places in PLACES.items() if not ending or module.endswith(f".{ending}")]
    return [_put(text, {name: value for places in ours for name, value in places.items()}) for text in texts]


def _put(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _fragments(values: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place, names in FRAGMENTS.items():
        each = [values[name] for name in names if name in values]
        found[place] = [text for value in each for text in ([value] if isinstance(value, str) else value.values())]
    return found


def needed_by(constant: Constant) -> list[str]:
    """Return the statements that create what a constant needs, in their order, up to the constant itself."""
    module = constant.name.rpartition(".")[0]
    texts = {each.name: filled(each)[0] for each in constants() if each.text.lstrip().startswith("CREATE")}
    needed: list[str] = []
    for part, names in BEFORE.items():
        if f"{module}.".startswith(f"angidi.{part}.") or module.endswith(f".{part}"):
            for name in names:
                if constant.ends(name):
                    return needed
                needed += [text for each, text in texts.items() if each.endswith(f".{name}")]
    return needed
