"""docs/reference/settings.md and .env.example: every setting, from `config.Settings`."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

import yaml
from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from angidi.config import Settings
from tools.reference.tables import code, table

YAML_FILE = Path(__file__).parents[2] / "config/database.yaml"

GROUPS: dict[str, tuple[str, ...]] = {
    "Where it runs": ("angidi_",),
    "The server": ("server_", "management_", "log_"),
    "Tokens and passwords": ("jwt_", "password_"),
    "Who may call, and how often": ("cors_", "api_", "connections_", "trusted_"),
    "Orders and changes": ("currency", "order_", "require_"),
    "The first admin": ("admin_",),
    "The database": ("database_", "db_"),
}
"""The settings by the beginnings of their names; each setting belongs to one group."""

PAGE = """\
# Settings

Made by `make docs` from `src/angidi/config/`, and compared with it by `make check`.

A setting is an environment variable. What the environment does not set is looked for in `.env`
([.env.example](../../.env.example) has every line, commented out), then, for the database, in `config/database.yaml`.
`DATABASE_URL` wins over every `DB_…`. An empty value counts as not given.

`angidi config show` prints every setting, its value with secrets masked, and where it was read from: the environment, a
line of `.env`, a block of the YAML file, or the default. It also names what is ignored, such as `DB_PASS` (“did you
mean DB_PASSWORD?”); `angidi serve` warns of the same. Names that resemble no setting may belong to other programs:
`serve` does not mention them. No unknown name stops anything.

`.env`, `config/database.yaml` and `.angidi` are those of the checkout that the package is installed from, wherever one
stands. Where the package is installed without one, as in the container image, they are those of the current folder. A
path in the environment is relative to the current folder, a path in `.env` to the folder of that file. A file that
`ANGIDI_ENV_FILE` or `ANGIDI_CONFIG` names has to exist.

Durations are written as in Go: `1h`, `15m`, `1h30m`, `500ms`. A secret is printed nowhere: not in a log, not in an
error, not in `angidi db url` without `--show-password`. In a URL, `@ / ? # %` in a password are percent-encoded. A
wrong value stops the start with one line that names the setting, what is wrong with it and an example.

In production (`ANGIDI_ENV=production`) the start is refused without a `JWT_SECRET` of its own of 32 bytes or more,
with the embedded database, and with an unencrypted connection to the database.

`JWT_PREVIOUS_SECRET` may be short: it signs nothing, and only lets tokens live on that the key before `JWT_SECRET`
signed. But whoever guesses it can sign tokens that are accepted, so the start warns of a weak one. Take it out when the
last of its tokens has expired: the lifetime of a refresh token (`JWT_REFRESH_TOKEN_DURATION`) after the change.
Production refuses one that stood in an example. A key that leaked must not stand there at all, however long it is.
[End sessions and rotate keys](../how-to/end-sessions-and-rotate-keys.md) has the steps.
"""

YAML_INTRODUCTION = """\
## By environment

`config/database.yaml` has a block for each `ANGIDI_ENV`. `${NAME}` is replaced by that environment variable.
"""

ENV_HEAD = """\
# Every setting, with its default or else an example. Copy this file to .env and take the # away from what you change.
# The environment wins over .env, and .env over config/database.yaml. Durations are written 1h, 15m, 1h30m, 500ms.
# Made by `make docs`; more on each stands in docs/reference/settings.md.
"""


def page() -> str:
    """Return the page."""
    parts = [PAGE]
    for title, fields in _grouped():
        rows = [
            (code(name.upper()), field.description or "", kind(field), code(default(field)), code(example(field)))
            for name, field in fields
        ]
        parts.append(f"## {title}\n\n{table(('setting', 'what', 'value', 'default', 'example'), rows)}")
    return "\n".join([*parts, YAML_INTRODUCTION, _blocks()])


def env_example() -> str:
    """Return the example of a .env file. All its lines are comments."""
    lines = [ENV_HEAD]
    for title, fields in _grouped():
        lines.append(f"# --- {title} ---\n")
        for name, field in fields:
            value = default(field) or ("" if "$(" in example(field) or is_secret(field) else example(field))
            hint = f" Make one with: {example(field)[2:-1]}" if "$(" in example(field) else ""
            lines.append(f"# {field.description}: {kind(field)}.{hint}\n# {name.upper()}={value}\n")
    return "\n".join(lines)


def kind(field: FieldInfo) -> str:
    """Return in words what values the setting takes."""
    (annotation,) = [part for part in _options(field.annotation) if part is not type(None)][:1]
    if get_origin(annotation) is Literal:
        *first, last = get_args(annotation)
        return f"{', '.join(first)} or {last}"
    if annotation is int:
        return "a whole number" + _bounds(field)
    if get_origin(annotation) is tuple:
        return "a list"
    words = {timedelta: "a duration", SecretStr: "a secret", bool: "true or false", Path: "a path", str: "a text"}
    return words[annotation]


def is_secret(field: FieldInfo) -> bool:
    """Tell whether the value is secret."""
    return SecretStr in _options(field.annotation)


def default(field: FieldInfo) -> str:
    """Return the default as it would be written in the environment; empty where there is none."""
    value: Any = field.default
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return ",".join(map(str, cast("tuple[object, ...]", value)))
    return str(value).lower() if isinstance(value, bool) else str(value)


def example(field: FieldInfo) -> str:
    """Return an example of a value."""
    return str((field.examples or [""])[0])


def _grouped() -> Iterator[tuple[str, list[tuple[str, FieldInfo]]]]:
    for title, beginnings in GROUPS.items():
        yield title, [pair for pair in Settings.model_fields.items() if pair[0].startswith(beginnings)]


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _bounds(field: FieldInfo) -> str:
    least = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), None)
    most = next((rule.le for rule in field.metadata if isinstance(rule, Le)), None)
    return (f" from {least}" if least is not None else "") + (f" to {most}" if most is not None else "")


def _blocks() -> str:
    blocks: dict[str, dict[str, Any]] = yaml.safe_load(YAML_FILE.read_text(encoding="utf-8"))
    flat = {name: {**block, **block.pop("pool")} for name, block in blocks.items()}
    keys = [key for key in next(iter(flat.values())) if key != "pool"]
    rows = [
        (code(f"DB_{key.upper()}"), *("a secret" if key == "password" else code(str(flat[name][key])) for name in flat))
        for key in keys
    ]
    return table(("setting", *flat), rows)
