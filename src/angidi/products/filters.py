"""What may hold for the products of a list, in SQL: its filters, and how well a row fits a query in words."""

from typing import LiteralString

from angidi.products.models import ProductQuery

LIVENESS: dict[str | None, LiteralString] = {
    None: "deleted_at IS NULL",
    "only": "deleted_at IS NOT NULL",
    "with": "true",
}

# Each is added when its parameter is given. strpos, not LIKE: every character of the term is an ordinary one.
FILTERS: dict[str, LiteralString] = {
    "category_id": "category_id = %(category_id)s",
    "search": "strpos(search_text, lower(%(search)s)) > 0",
    "q": "words @@ words_of(%(q)s, '', ':*')",
    "min_price": "price >= %(min_price)s",
    "max_price": "price <= %(max_price)s",
}
IN_STOCK: dict[bool, LiteralString] = {True: "stock > 0", False: "stock = 0"}

# For rows that are looked at one by one. What they are compared with stands in a subquery, so that it is computed once,
# also by a plan that serves every value.
BY_ROW: dict[str, LiteralString] = {
    "search": "strpos(search_text, (SELECT lower(%(search)s))) > 0",
    "q": "words @@ (SELECT words_of(%(q)s, '', ':*'))",
}

# What an index finds the rows of `search` by, beside what decides.
FOURS: LiteralString = "fours(search_text) @@ fours_of(lower(%(search)s), 4)"

# The character that parts search_text means nothing to a term that has it: it is looked for in each field.
FIELDS: LiteralString = """(strpos(lower(name), lower(%(search)s)) > 0
    OR strpos(lower(coalesce(description, '')), lower(%(search)s)) > 0)"""
INDEXED_LENGTH = 3
"""Characters from which on few fours begin with a term, or are in it."""

PARTING = frozenset("\x01")

SUBTREE: LiteralString = """category_id IN (
    SELECT descendant_id FROM category_closure WHERE ancestor_id = %(category_id)s)"""

# As a value, not as a set: looked up row by row, so that a walk stays a walk.
IN_SUBTREE: LiteralString = """(
    SELECT true FROM category_closure WHERE ancestor_id = %(category_id)s AND descendant_id = category_id)"""

# 2: all words of `q` are words of the name; 1: the last one is the beginning of one; 0: some are in the description.
RELEVANCE: LiteralString = """(words @@ (SELECT words_of(%(q)s, '=', '')))::integer
    + (words @@ (SELECT words_of(%(q)s, '=', ':*')))::integer"""
TIERS: dict[int, LiteralString] = {
    2: "words @@ words_of(%(q)s, '=', '')",
    1: "words @@ words_of(%(q)s, '=', ':*') AND NOT words @@ words_of(%(q)s, '=', '')",
    0: "words @@ words_of(%(q)s, '', ':*') AND NOT words @@ words_of(%(q)s, '=', ':*')",
}
RELEVANCES: dict[int, LiteralString] = {2: "2", 1: "1", 0: "0"}
IN_NAME: LiteralString = "words @@ words_of(%(q)s, '=', ':*')"


def is_plain(query: ProductQuery) -> bool:
    """Tell the list of everything, and a category's, from those that have other filters."""
    others = (query.search, query.q, query.min_price, query.max_price, query.in_stock, query.deleted)
    return others == ("", "", None, None, None, None)


def relevance(query: ProductQuery, tier: int | None) -> LiteralString:
    """Return how well a row fits: one number in a tier, NULL in lists that are not sorted by it."""
    if tier is not None:
        return RELEVANCES[tier]
    return RELEVANCE if query.order == "relevance" else "NULL::integer"


def conditions(
    query: ProductQuery,
    tier: int | None = None,
    *,
    by_row: bool = False,
    everywhere: bool = False,
    inside: LiteralString | None = None,
) -> list[LiteralString]:
    """Return what holds for the rows of the list.

    `by_row`: none of it is to be found by an index; `everywhere`: `search` is not, for most rows have it; `inside`:
    what holds instead of being in the category.
    """
    filters = FILTERS | BY_ROW if by_row else FILTERS.copy()
    if query.subtree:
        filters["category_id"] = inside or (IN_SUBTREE if by_row else SUBTREE)
    if PARTING.intersection(query.search):
        filters["search"] = FIELDS
    elif not (by_row or everywhere):
        filters["search"] = FOURS + " AND " + FILTERS["search"]
    if tier is not None:
        filters["q"] = TIERS[tier]
    wanted: list[LiteralString] = [LIVENESS[query.deleted]]
    wanted.extend(sql for name, sql in filters.items() if getattr(query, name) not in (None, ""))
    if query.in_stock is not None:
        wanted.append(IN_STOCK[query.in_stock])
    return wanted


def parameters(query: ProductQuery) -> dict[str, object]:
    """Return the values of the filters."""
    return {name: getattr(query, name) for name in FILTERS}
