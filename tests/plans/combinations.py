"""Combinations of everything that a list of products can be asked for: the values, and a table that has every pair.

The values stand for what they do in a shop whose words and prices depend on the category (`benchmarks.catalogue`). All
scopes lie in the largest department; "foreign" words, and the range of prices, are of others only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, cached_property
from itertools import islice
from typing import Any
from uuid import UUID

from benchmarks import catalogue, words
from tests.plans.covering import covering
from tests.support.naive import Query

PAGE_SIZE = 50
AFTER = 3
"""Pages before the one that is asked for by its cursor; fewer where the list has fewer."""

FILTERS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "min_price": {"min_price": Decimal(400)},
    "max_price": {"max_price": Decimal(60)},
    "both": {"min_price": Decimal(5), "max_price": Decimal("14.50")},  # nothing in the largest department
    "in stock": {"in_stock": True},
    "sold out": {"in_stock": False},
    "sku": {},  # that of one product
}
SORTS = ("none", "created_at", "-created_at", "price", "-price", "name", "-name")
SEARCHES = {
    "none": "",
    "rare": "{rare}",
    "frequent": words.FREQUENT,
    "foreign": "wallet",
    "two characters": "e s",
    "nothing": "nothing-has-this",
    "percent": "0%",
}
WORDS = {
    "none": "",
    "rare": "{rare}",
    "frequent": words.FREQUENT,
    "beginning": "wat",  # waterproof, watch
    "two words": "wireless titan",
    "foreign": "leather",
    "sku": "pri-0001",
}
DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "filter": tuple(FILTERS),
    "sort": SORTS,
    "search": tuple(SEARCHES),
    "q": tuple(WORDS),
    "scope": ("whole", "category", "root", "middle", "leaf"),
    "page": ("first", "cursor", "deep"),
    "count": ("default", "none", "exact"),
    "deleted": ("none", "only", "with"),
}

AT_REST = {**DIMENSIONS, "page": ("first", "cursor"), "count": ("default", "none")}
"""What most visitors ask for: no exact count, and no page far behind by its number."""


class Places:
    """What the values mean in a shop of so many products."""

    def __init__(self, products: int) -> None:
        tree = catalogue.tree()
        self.rare = catalogue.rare_words(products)[7]
        self.sku = next(islice(catalogue.products(products), 2, None)).sku
        self.deep_page = 3_000 if products >= 200_000 else 300
        self.scopes = {
            "root": tree.subtree(1.0, 1).id,
            "middle": tree.subtree(0.03, 2, 0).id,
            "leaf": tree.subtree(0.005, 5, 0).id,
            "category": tree.subtree(0.005, 5, 0).id,
        }
        self._categories = tree.categories

    @cached_property
    def below(self) -> dict[UUID, set[UUID]]:
        """The categories of each subtree."""
        found: dict[UUID, set[UUID]] = {}
        for category in reversed(self._categories):
            found.setdefault(category.id, set()).add(category.id)
            if category.parent_id:
                found.setdefault(category.parent_id, set()).update(found[category.id])
        return found


@dataclass(frozen=True)
class Combination:
    """A row of the table: of each dimension the name of a value."""

    filter: str
    sort: str
    search: str
    q: str
    scope: str
    page: str
    count: str
    deleted: str

    @property
    def name(self) -> str:
        """What it is called in reports."""
        given = [f"{name}={value}" for name, value in vars(self).items() if value != DIMENSIONS[name][0]]
        return " ".join(given) or "the whole list"

    @property
    def kind(self) -> str:
        """By which figure it is judged: "at rest", "exclusive" conditions, or "apart" from both."""
        is_gathered = self.search != "none" or self.q != "none" or self.scope in {"root", "middle"}
        if self.count == "exact" or (self.page == "deep" and is_gathered):
            return "apart"
        is_foreign = "foreign" in {self.search, self.q} or self.filter == "both"
        is_own = self.scope != "whole" or self.q in {"two words", "sku"}
        return "exclusive" if is_foreign and is_own else "at rest"

    @property
    def is_admins(self) -> bool:
        return self.deleted != "none"

    def query(self, places: Places) -> Query:
        """Return what is asked for, but for page and count."""
        category = places.scopes.get(self.scope)
        return replace(
            Query(**FILTERS[self.filter]),
            sku=places.sku if self.filter == "sku" else None,
            search=SEARCHES[self.search].format(rare=places.rare),
            q=WORDS[self.q].format(rare=places.rare),
            sort=None if self.sort == "none" else self.sort,
            category_id=category,
            subtree=self.scope in {"root", "middle", "leaf"},
            deleted=None if self.deleted == "none" else self.deleted,
        )

    def request(self, places: Places) -> tuple[str, dict[str, str]]:
        """Return the path and the parameters of the request for the first page, or for the deep one by its number."""
        query = self.query(places)
        parameters = query.parameters | {"page_size": str(PAGE_SIZE)}
        if self.count != "default":
            parameters["count"] = self.count
        if self.page == "deep":
            parameters["page"] = str(places.deep_page)
        if not query.subtree or query.sku:  # which the list of a category does not know
            return "/products", parameters
        del parameters["category_id"], parameters["subtree"]
        return f"/categories/{query.category_id}/products", parameters


def combined(dimensions: Mapping[str, Sequence[str]], strength: int = 2) -> tuple[Combination, ...]:
    """Return combinations in which every two values stand together, or every three."""
    return tuple(Combination(**row) for row in covering(dimensions, strength))


@cache
def all_pairs() -> tuple[Combination, ...]:
    """Return combinations in which every two values stand together.

    Few rows of the first table have neither an exact count nor a page far behind: those get a table of their own.
    """
    return tuple(dict.fromkeys((*combined(DIMENSIONS), *combined(AT_REST))))
