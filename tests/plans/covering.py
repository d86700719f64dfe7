"""Covering arrays: few rows in which every two values of different dimensions stand together at least once.

A defect that two conditions cause together shows in such a table, and the table is a thousandth of all combinations.
With a strength of three it is every three values, in some seven times as many rows.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

CANDIDATES = 20
"""Rows that are tried for each that is kept: more of them hardly make the table shorter."""

Group = tuple[str | None, ...]
"""A value of some dimensions, by place; None in the others."""

Row = dict[str, str]


def covering(dimensions: Mapping[str, Sequence[str]], strength: int = 2) -> list[Row]:
    """Return the rows, the same for the same dimensions; the first values of all of them stand in the first row."""
    rng = random.Random(1)
    names = list(dimensions)
    missing = dict.fromkeys(_all_groups(list(dimensions.values()), strength))
    rows: list[Group] = [tuple(values[0] for values in dimensions.values())]
    _strike(missing, rows[0], strength)
    while missing:
        tried = [_candidate(list(dimensions.values()), missing, strength, rng) for _ in range(CANDIDATES)]
        rows.append(max(tried, key=lambda row: sum(group in missing for group in _groups(row, strength))))
        _strike(missing, rows[-1], strength)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def groups_of(row: Row, strength: int = 2) -> Iterator[Group]:
    """Yield the groups of values that stand in a row."""
    return _groups(tuple(row.values()), strength)


def _groups(row: Group, strength: int) -> Iterator[Group]:
    for places in combinations(range(len(row)), strength):
        yield _only(row, places)


def _only(row: Group, places: Sequence[int]) -> Group:
    return tuple(value if place in places else None for place, value in enumerate(row))


def _all_groups(dimensions: Sequence[Sequence[str]], strength: int) -> Iterator[Group]:
    for places in combinations(range(len(dimensions)), strength):
        for values in product(*(dimensions[place] for place in places)):
            chosen = dict(zip(places, values, strict=True))
            yield tuple(chosen.get(place) for place in range(len(dimensions)))


def _strike(missing: dict[Group, None], row: Group, strength: int) -> None:
    for group in _groups(row, strength):
        missing.pop(group, None)


def _candidate(
    dimensions: Sequence[Sequence[str]], missing: dict[Group, None], strength: int, rng: random.Random
) -> Group:
    """Return a row with a missing group, in which each other value was chosen for the missing groups that it adds."""
    row = list(next(iter(missing)))
    others = [place for place, value in enumerate(row) if value is None]
    rng.shuffle(others)
    for place in others:
        best, most = "", -1
        for value in rng.sample(dimensions[place], len(dimensions[place])):
            row[place] = value
            adds = _added(row, place, missing, strength)
            best, most = (value, adds) if adds > most else (best, most)
        row[place] = best
    return tuple(row)


def _added(row: Sequence[str | None], place: int, missing: dict[Group, None], strength: int) -> int:
    """Return how many missing groups the value at `place` is part of, with those that stand there already."""
    others = [other for other, value in enumerate(row) if value is not None and other != place]
    return sum(_only(tuple(row), (place, *rest)) in missing for rest in combinations(others, strength - 1))
