"""Reading the settings, and describing where each comes from."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from angidi.config.errors import ConfigError
from angidi.config.names import IgnoredName, ignored_names
from angidi.config.rules import holds_password, violations
from angidi.config.settings import Settings
from angidi.config.sources import ENVIRONMENT, read_sources

Mask = Callable[[str, str], str]
"""Returns what may be shown of a secret, by the name and the value of its setting."""


class SettingOrigin(NamedTuple):
    """A setting in capitals, its value as it was given, with secrets masked, and where that was read from."""

    setting: str
    value: str
    source: str


class SettingsDescription(NamedTuple):
    """All settings, the names that were ignored, and a line for each file that is missing or has wrong lines."""

    settings: list[SettingOrigin]
    ignored: list[IgnoredName]
    notes: list[str]


def load(**overrides: Any) -> Settings:
    """Read the settings; `overrides` win over every source. Raises `ConfigError`."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        lines = {problem["loc"][0]: _line(problem) for problem in reversed(error.errors())}
        raise ConfigError("\n".join(reversed(lines.values()))) from None
    if problems := violations(settings):
        raise ConfigError("\n".join(problems))
    return settings


def read_variable(name: str) -> str | None:
    """Return what the environment has, else the `.env` file, for a name of a command that is no setting.

    What is empty counts as absent. Raises `ConfigError` for an unreadable file.
    """
    return os.environ.get(name) or read_sources(Settings.model_fields, {}).env_file.values.get(name)


def describe(mask: Mask) -> SettingsDescription:
    """Describe where the settings come from; values may be wrong. Raises `ConfigError` for an unreadable file."""
    fields = Settings.model_fields
    sources = read_sources(fields, {})
    values = {name: field.default for name, field in fields.items()} | sources.setting_values()
    origins = [
        SettingOrigin(name.upper(), _shown(name, fields[name], values[name], mask), sources.place(name))
        for name in fields
    ]
    file = sources.env_file
    wrong = [f"{file.path}, line {line} is not NAME=value, and is ignored" for line in file.wrong]
    return SettingsDescription(origins, ignored_names(fields, file), [*sources.missing, *wrong])


def ignored_settings() -> list[str]:
    """Return a line for each name or line that was probably meant as a setting, and is none. Raises `ConfigError`.

    A name of the environment counts only if it is similar to a setting: others may belong to other programs.
    """
    described = describe(lambda _name, _value: "***")
    near = [str(each) for each in described.ignored if each.meant or each.place != ENVIRONMENT]
    return [*near, *(note for note in described.notes if note.endswith("is ignored"))]


def _shown(name: str, field: FieldInfo, value: object, mask: Mask) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return ",".join(map(str, cast("tuple[object, ...]", value)))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_secret = "SecretStr" in str(field.annotation) or holds_password(text)
    return mask(name, text) if is_secret else text


def _line(problem: Mapping[str, Any]) -> str:
    name = str(problem["loc"][0])
    field = Settings.model_fields[name]
    what = str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    if problem["type"] == "literal_error":
        what = "must be one of " + str(problem["ctx"]["expected"]).replace("'", "")
    return f"{name.upper()}: {what}; example: {name.upper()}={(field.examples or [''])[0]}"
