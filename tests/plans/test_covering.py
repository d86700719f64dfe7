"""The table of combinations: every pair is there, and the table stays short."""

from itertools import combinations
from math import prod

import pytest

from tests.plans.combinations import DIMENSIONS, all_pairs
from tests.plans.covering import covering, groups_of


@pytest.mark.parametrize(("strength", "most"), [(2, 14), (3, 40)])
def test_every_group_of_values_stands_in_a_row(strength: int, most: int) -> None:
    dimensions = {"a": ["1", "2", "3"], "b": ["1", "2"], "c": ["x"], "d": ["p", "q", "r", "s"]}
    rows = covering(dimensions, strength)
    found = {group for row in rows for group in groups_of(row, strength)}
    assert len(found) == sum(prod(map(len, some)) for some in combinations(dimensions.values(), strength))
    assert all(list(row) == list(dimensions) for row in rows)
    assert len(rows) <= most


def test_the_same_dimensions_give_the_same_rows() -> None:
    assert covering(DIMENSIONS) == covering(DIMENSIONS)


def test_the_table_of_product_lists_has_few_rows() -> None:
    assert len(all_pairs()) <= 130
