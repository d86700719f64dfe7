"""Lists of products under every pair of conditions, twelve times each on one connection: right, and at what cost.

`make bench-plans` asks the same of a million products.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plans import catalogue
from tests.plans.combinations import PAGE_SIZE, Places, all_pairs
from tests.plans.warm import MEASURED, Call, Warm, connected
from tests.support.naive import Known, Shop, is_total
from tests.support.server import Databases

PRODUCTS = 30_000
HALVES = 2
"""Each on a database of its own, so that two workers can share the time."""

FLOOR = 300
GROWTH = 1.5
"""Call 12 touches at most so many pages, or so many times those of the first call."""

MOST = {"at rest": 7_000, "exclusive": 6_000, "apart": 14_000}
"""Pages that a call may touch."""


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The shop, of the test's own."""

    with databases.database(catalogue.template(databases, PRODUCTS)) as url:
        yield url


@pytest.mark.timeout(600)  # on a busy machine
@pytest.mark.parametrize("half", range(HALVES))
async def test_every_pair_of_conditions_finds_what_is_right_and_stays_within_its_budget(
    database: str, half: int, tmp_path: Path
) -> None:
    places = Places(PRODUCTS)
    async with connected(database, tmp_path) as connection:
        found = [await connection.run(combination, places) for combination in all_pairs()[half::HALVES]]
    model = Shop([*map(Known, catalogue.products(PRODUCTS))], places.below)
    wrong = [line for warm in found for line in problems(warm, model, places)]
    assert not wrong, "\n" + "\n".join(wrong)


def problems(warm: Warm, model: Shop, places: Places) -> list[str]:
    """Return what is wrong with the answers to a combination, as lines."""
    name = warm.combination.name
    if {*warm.statuses} != {200}:
        return [f"{name}: answers {warm.statuses}"]
    found = [*wrong_page(warm, model, places)]
    limit = max(FLOOR, round(GROWTH * warm.calls[MEASURED[0]].pages))
    if warm.calls[MEASURED[-1]].pages > limit:
        found.append(f"call {MEASURED[-1]} touches more pages than {limit}: {warm.calls}")
    if max(call.pages for call in warm.calls.values()) > MOST[warm.combination.kind]:
        found.append(f"touches more pages than {MOST[warm.combination.kind]}: {warm.calls}")
    return [f"{name}: {line}" for line in found]


def wrong_page(warm: Warm, model: Shop, places: Places) -> Iterator[str]:
    """Yield how the last answer differs from the model's."""
    data, hits = warm.body["data"], model.hits(warm.combination.query(places))
    page = hits[warm.before * PAGE_SIZE :]
    expected = [(str(row.id), relevance) for row, relevance in page[:PAGE_SIZE]]
    answered = [(row["id"], row.get("relevance")) for row in data["products"]]
    if warm.combination.query(places).order != "relevance":
        expected, answered = [(id_, None) for id_, _ in expected], [(id_, None) for id_, _ in answered]
    if answered != expected:
        yield f"shows {answered[:3]}… ({len(answered)}) instead of {expected[:3]}… ({len(expected)})"
    if bool(data.get("next_cursor")) != (len(page) > PAGE_SIZE):
        yield f"has {data.get('next_cursor')!r} as its next page"
    if not is_total(data, len(hits), warm.combination.count):
        yield f"counts {data.get('total_count')} ({data.get('total_is_estimate')}) instead of {len(hits)}"


def test_a_page_or_a_total_or_a_cost_that_is_wrong_would_be_found() -> None:
    places = Places(10_000)
    model = Shop([], places.below)
    empty: dict[str, Any] = {"products": [], "total_count": 0, "page": 1}
    calls = {1: Call(10, 1.0), 6: Call(10, 1.0), 12: Call(10, 1.0)}
    right = Warm(all_pairs()[0], calls, [200] * 12, {"data": empty}, 0)
    assert problems(right, model, places) == []
    shown = {"products": [{"id": "x"}], "total_count": 1, "next_cursor": "y"}
    assert len(problems(right._replace(body={"data": shown}), model, places)) == 3
    assert len(problems(right._replace(calls=calls | {12: Call(FLOOR + 1, 1.0)}), model, places)) == 1
    assert len(problems(right._replace(calls=calls | {6: Call(20_001, 1.0)}), model, places)) == 1
    assert len(problems(right._replace(statuses=[200] * 11 + [503]), model, places)) == 1
