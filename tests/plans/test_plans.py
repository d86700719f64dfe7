"""What each request costs the database, on 30,000 products; `make bench-plans` asks the same of a million."""

from collections.abc import Iterator

import pytest

from tests.plans import catalogue
from tests.plans.cases import CASES, Case
from tests.plans.explain import Answer, Plan, answers, problems
from tests.support.server import Databases

PRODUCTS = 30_000


@pytest.fixture(scope="module")
def found(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Answer]]:
    """What each case comes to. The shop is built once in a run, whichever workers these tests fall to."""
    with databases.database(catalogue.template(databases, PRODUCTS)) as url:
        yield answers(url, tmp_path_factory.mktemp("home"), CASES, catalogue.places(url, PRODUCTS))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_request_reads_its_indexes_within_its_budget(found: dict[Case, Answer], case: Case) -> None:
    assert problems(case, found[case]) == [], "\n\n".join(found[case].statements)


def test_a_request_over_its_budget_or_with_another_plan_would_be_found(found: dict[Case, Answer]) -> None:
    first = CASES[0]
    wrong = found[first]._replace(status=404, plans=[Plan(("other",), ("products",), sorts=True, buffers=1_000)])
    assert problems(first, wrong) == [
        "GET /products/{product}: status 404 instead of 200",
        "GET /products/{product}: indexes ('other',) instead of ('products_pkey',)",
        "GET /products/{product}: scans ('products',) instead of ()",
        "GET /products/{product}: sorts True instead of False",
        "GET /products/{product}: touches 1000 pages, of at most 5",
    ]


def test_no_request_stands_there_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
