"""Names that look like settings and are none, with the setting that was probably meant."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from angidi.config.sources import ENVIRONMENT, EnvFile, environment_names

OTHERS = ("admin_database_url", "angidi_test_", "db_app_password", "db_backup_password", "db_readonly_password")
"""Beginnings of names that mean something to a command or to the tests."""

SIMILAR = 0.6
"""Minimum similarity of what follows the prefix, from 0 to 1."""

SIMILAR_AS_A_WHOLE = 0.85
"""Minimum similarity of whole names: higher, because other programs use any name."""


class IgnoredName(NamedTuple):
    """A name that is no setting: where it stands, and the setting that was probably meant, if one is similar."""

    name: str
    place: str
    meant: str | None

    def __str__(self) -> str:
        """Return the warning."""
        question = f"; did you mean {self.meant}?" if self.meant else ", and is ignored"
        return f"{self.name} ({self.place}) is no setting{question}"


def ignored_names(fields: Collection[str], env_file: EnvFile) -> list[IgnoredName]:
    """Return the names of the environment and the `.env` file that look like settings and are none."""
    names = [(name.upper(), ENVIRONMENT) for name in environment_names()]
    names += [(name, f"{env_file.path}, line {line}") for name, line in env_file.lines.items()]
    return list(_ignored(fields, names))


def _ignored(fields: Collection[str], names: list[tuple[str, str]]) -> Iterator[IgnoredName]:
    prefixes = {field.partition("_")[0] + "_" for field in fields}
    for name, place in names:
        lower = name.lower()
        if lower in fields or lower.startswith(OTHERS):
            continue
        meant = similar_setting(lower, fields)
        if meant or lower.startswith(tuple(prefixes)):
            yield IgnoredName(name, place, meant and meant.upper())


def similar_setting(name: str, fields: Collection[str]) -> str | None:
    """Return the setting that `name` probably means, or None. Both are lower-case."""
    prefix, _, rest = name.partition("_")
    kin = {"db", "database"} if prefix in {"db", "database"} else {prefix}
    rests = {field.partition("_")[2]: field for field in fields if field.partition("_")[0] in kin}
    if matches := get_close_matches(rest, rests, 1, SIMILAR):
        return rests[matches[0]]
    return next(iter(get_close_matches(name, fields, 1, SIMILAR_AS_A_WHOLE)), None)
