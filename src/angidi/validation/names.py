"""Names of fields in a body: as they are spelt in the contract, else in any case."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from angidi.errors import FieldError


class Named(NamedTuple):
    """The values of a body by the exact names of their fields, and the fields that are named twice."""

    values: Mapping[str, object]
    twice: Mapping[str, FieldError]


def fold(name: str) -> str:
    """Return the name in lower case as Go's encoding/json compares names: by simple folding, one character each.

    Beside A to Z, two characters fold to ASCII letters: the Kelvin sign, which is a `k` in lower case, and the long s.
    """
    return name.lower().replace("\u017f", "s")


def exactly(values: Mapping[str, object], names: Collection[str]) -> Named:
    """Return the values by the `names`, which are in lower case; the exact spelling wins. Other names stay."""
    meant: dict[str, list[str]] = {}
    for given in values:
        if given not in names and (name := fold(given)) in names and name not in values:
            meant.setdefault(name, []).append(given)
    if not meant:
        return Named(values, {})
    spelt = {given: name for name, each in meant.items() for given in each}
    twice = {
        name: FieldError(name, f"stands twice, as {' and '.join(map(repr, each))}")
        for name, each in meant.items()
        if len(each) > 1
    }
    return Named({spelt.get(given, given): value for given, value in values.items()}, twice)
