"""Where settings come from: the environment, the `.env` file, a block of the YAML file, defaults; the first wins.

Defaults of paths are relative to the checkout that this package is installed from (an editable install), else to the
current folder. Paths in the `.env` file are relative to that file, paths in the environment to the current folder.
"""

import os
import re
from collections.abc import Collection, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml
from dotenv.main import resolve_variables
from dotenv.parser import parse_stream

from angidi.config.errors import ConfigError
from angidi.config.values import Environment

ENVIRONMENT = "environment"
DEFAULT = "default"
PACKAGE = Path(__file__).parents[1]

_PATHS = ("angidi_home", "angidi_config")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Layer(NamedTuple):
    """The settings of one source, by field name, and the place of each in words. Empty values are left out."""

    values: dict[str, Any]
    places: dict[str, str]


class EnvFile(NamedTuple):
    """The content of a `.env` file: values and line numbers by name, and the numbers of lines that are no setting."""

    path: Path
    values: dict[str, str]
    lines: dict[str, int]
    wrong: tuple[int, ...] = ()


class Sources(NamedTuple):
    """All sources of the settings; `missing` has a line for each default file that does not exist."""

    layers: tuple[Layer, ...]
    env_file: EnvFile
    missing: tuple[str, ...]

    def setting_values(self) -> dict[str, Any]:
        """Return the value of each setting from the first layer that has it."""
        return {name: value for layer in reversed(self.layers) for name, value in layer.values.items()}

    def place(self, name: str) -> str:
        """Return where the value of a setting comes from."""
        return next((layer.places[name] for layer in self.layers if name in layer.places), DEFAULT)


def find_root(package: Path = PACKAGE) -> Path:
    """Return the folder of the default paths: the checkout that `package` is part of, else the current folder."""
    checkout = package.parents[1]
    is_checkout = package.parent.name == "src" and (checkout / "pyproject.toml").is_file()
    return checkout if is_checkout else Path.cwd()


def read_sources(fields: Collection[str], given: Mapping[str, Any]) -> Sources:
    """Read all sources of the settings `fields`; `given` values win over them. Raises `ConfigError`."""
    root = find_root()
    environment = _environment(fields)
    known = {**environment.values, **given}
    env_file, missing = _find_env_file(known.get("angidi_env_file"), root)
    dotenv = _env_file_layer(fields, env_file)
    known = {**dotenv.values, **known}
    config = Path(known.get("angidi_config") or root / "config" / "database.yaml")
    is_missing = not known.get("angidi_config") and not config.exists()
    block = Layer({}, {}) if is_missing else _yaml_layer(config, fields, known, env_file)
    paths = {"angidi_home": root / ".angidi", "angidi_env_file": env_file.path, "angidi_config": config}
    layers = (environment, dotenv, block, Layer(paths, dict.fromkeys(paths, DEFAULT)))
    return Sources(layers, env_file, (*missing, *([f"ANGIDI_CONFIG: there is no {config}"] if is_missing else [])))


def environment_names() -> dict[str, str]:
    """Return the environment by lower-case name; of names that differ in case, the one in capitals counts."""
    lower = {name.lower(): value for name, value in os.environ.items()}
    return lower | {name.lower(): value for name, value in os.environ.items() if name.isupper()}


def _environment(fields: Collection[str]) -> Layer:
    names = environment_names()
    values = {name: names[name] for name in fields if names.get(name)}
    return Layer(_expanded(values, Path()), dict.fromkeys(values, ENVIRONMENT))


def _expanded(values: dict[str, Any], base: Path) -> dict[str, Any]:
    """Return the values with paths expanded, relative to `base`."""
    return values | {name: base / Path(values[name]).expanduser() for name in _PATHS if name in values}


def _find_env_file(named: object, root: Path) -> tuple[EnvFile, list[str]]:
    """Return the content of the `.env` file that is named, or of the default one; and a line if that is missing."""
    path = Path(str(named)).expanduser() if named else root / ".env"
    if not named and not path.exists():
        return EnvFile(path, {}, {}), [f"ANGIDI_ENV_FILE: there is no {path}"]
    return _parse_env_file(path), []


def _parse_env_file(path: Path) -> EnvFile:
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors begin a file with a byte order mark
    except UnicodeDecodeError:
        raise ConfigError(f"ANGIDI_ENV_FILE: {path} is not UTF-8: save it in this encoding, or name another") from None
    except OSError as error:
        raise ConfigError(f"ANGIDI_ENV_FILE: {path} cannot be read ({error.strerror}): mend or unset it") from None
    values: dict[str, str | None] = {}
    lines: dict[str, int] = {}
    wrong: list[int] = []
    for binding in parse_stream(StringIO(text)):
        text_of, line = binding.original.string, binding.original.line
        line += text_of[: len(text_of) - len(text_of.lstrip())].count("\n")
        if binding.error:
            wrong.append(line)
        elif binding.key is not None:
            values[binding.key], lines[binding.key] = binding.value, line
    resolved = resolve_variables(values.items(), override=True)
    return EnvFile(path, {name: value for name, value in resolved.items() if value}, lines, tuple(wrong))


def _env_file_layer(fields: Collection[str], file: EnvFile) -> Layer:
    names = {name.lower(): name for name in file.values}
    values = {name: file.values[names[name]] for name in fields if name in names and name != "angidi_env_file"}
    places = {name: f"{file.path}, line {file.lines[names[name]]}" for name in values}
    return Layer(_expanded(values, file.path.parent), places)


def _yaml_layer(path: Path, fields: Collection[str], known: Mapping[str, Any], env_file: EnvFile) -> Layer:
    environment = str(known.get("angidi_env") or "development")
    if environment not in get_args(Environment):  # which is refused later
        return Layer({}, {})
    values = read_block(path, environment, {**env_file.values, **os.environ}, fields)
    return Layer(values, dict.fromkeys(values, f"{path}, block {environment}"))


def read_block(path: Path, environment: str, variables: Mapping[str, str], fields: Collection[str]) -> dict[str, Any]:
    """Return the `db_*` settings of `environment` in the YAML file at `path`. Raises `ConfigError`.

    `${NAME}` is replaced from `variables`; an empty value counts as absent.
    """
    try:
        block = yaml.safe_load(path.read_text(encoding="utf-8-sig"))[environment]
        flat = {**{key: value for key, value in block.items() if key != "pool"}, **block.get("pool", {})}
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"ANGIDI_CONFIG: {path} has no readable block “{environment}”: {_reason(error)}; "
            "example: config/database.yaml"
        ) from None
    unknown = sorted(f"db_{key}" for key in flat if f"db_{key}" not in fields)
    if unknown:
        raise ConfigError(f"ANGIDI_CONFIG: {path} sets {', '.join(unknown)[:200]}, which no setting is called")
    expanded = {f"db_{key}": _replaced(value, variables) for key, value in flat.items()}
    return {key: value for key, value in expanded.items() if value not in ("", None)}


def _reason(error: Exception) -> str:
    """Return what is wrong with a YAML file, without any text of it: that may be a password."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1} is no YAML; a text with special characters stands in quotes"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it is missing, or no mapping"


def _replaced(value: object, variables: Mapping[str, str]) -> object:
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: variables.get(match[1]) or "", value)
