"""The product list as the API contract says it, in plain Python: which products match, in what order.

It is naive on purpose, and states what SQL has to do: all products in a list, each looked at for each query. What
letters' lower case is, and in what order names stand, the database says (`Spelling`).
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from angidi.pagination.pages import COUNT_BOUND

MOST_WORDS = 32
LONGEST_WORD = 100

NOTHING_TO_SEARCH = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
NOTHING_TO_Q = NOTHING_TO_SEARCH | dict.fromkeys(map(ord, "\u200c\u200d"))
NOTHING_IN_SKUS = NOTHING_TO_Q | dict.fromkeys(map(ord, "\u200e\u200f"))
MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "đ": "d", "\u0131": "i", "\u03c2": "\u03c3"}
)
"""What folding makes of letters that no mark makes different: dotless i and final sigma are the last two."""

_UNSPACED = "\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
UNSPACED = re.compile(f"[{_UNSPACED}]")
"""Chinese, Japanese and Thai, which are written without blanks between words."""

RUNS = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_])+")
"""Letters and digits in a row, those of scripts without blanks apart from others."""

Lower = Callable[[str], str]


class Product(NamedTuple):
    """A product: the columns that a list depends on."""

    id: UUID
    name: str
    description: str | None
    price: Decimal
    stock: int
    category_id: UUID
    created_at: datetime
    deleted_at: datetime | None
    sku: str | None


@dataclass(frozen=True)
class Query:
    """What a list is asked for, but for the page and the count."""

    search: str = ""
    q: str = ""
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    sku: str | None = None
    category_id: UUID | None = None
    subtree: bool = False
    deleted: str | None = None
    sort: str | None = None

    @property
    def order(self) -> str:
        return self.sort or ("relevance" if self.q.strip() else "-created_at")

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the request, those that are not given left out."""
        given = {name: value for name, value in vars(self).items() if value not in (None, "", False) or value == 0}
        given |= {name: value for name, value in vars(self).items() if name == "in_stock" and value is not None}
        if not self.subtree:
            given.pop("subtree", None)
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


class Spelling:
    """How the database at the other end of a connection spells and sorts."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn
        self.lower: Lower = functools.cache(self._lower)

    def _lower(self, text: str) -> str:
        return text.lower() if text.isascii() else self._ask("SELECT lower(%s)", text)[0][0]

    def ranks(self, texts: Iterable[str]) -> dict[str, int]:
        """Return the place of each text in the database's order; those that the order takes for equal are equal."""
        query = "SELECT text, dense_rank() OVER (ORDER BY text) FROM unnest(%s::text[]) AS text"
        return dict(self._ask(query, list({*texts})))

    def _ask(self, query: Any, parameter: object) -> list[Any]:
        return self._conn.execute(query, [parameter]).fetchall()


def folded(text: str, lower: Lower) -> str:
    """Return what names are sorted by."""
    return lower(text) if text.isascii() else lower(MARKS.sub("", unicodedata.normalize("NFKD", text)))


def searchable(text: str, lower: Lower) -> str:
    """Return what `search` looks in, and for."""
    return lower(unicodedata.normalize("NFC", text.translate(NOTHING_TO_SEARCH)))


def sku_form(text: str, lower: Lower) -> str:
    """Return what SKUs are compared by, but by `sku=`."""
    return searchable(text.translate(NOTHING_IN_SKUS).strip(), lower)


def words_in(text: str, lower: Lower) -> list[str]:
    """Return the words of a text as `q` compares them, in its order.

    In scripts without blanks a run counts as its pairs of neighbours and its last character.
    """
    if not text.isascii():
        text = lower(unicodedata.normalize("NFKC", text.translate(NOTHING_TO_Q))).translate(PLAIN)
        text = MARKS.sub("", unicodedata.normalize("NFKD", text)).translate(PLAIN)
    words: list[str] = []
    for run in RUNS.findall(lower(text)):
        if UNSPACED.match(run):
            words += [run[place : place + 2] for place in range(len(run))]
        else:
            words.append(run[:LONGEST_WORD])
    return words


class Known:
    """A product, and what a query compares of it, computed once."""

    def __init__(self, row: Product, lower: Lower = str.lower) -> None:
        self.row = row
        self._lower = lower

    @cached_property
    def texts(self) -> tuple[str, str]:
        return searchable(self.row.name, self._lower), searchable(self.row.description or "", self._lower)

    @cached_property
    def name_words(self) -> list[str]:
        return words_in(self.row.name, self._lower)

    @cached_property
    def words(self) -> list[str]:
        return self.name_words + words_in(self.row.description or "", self._lower)

    @cached_property
    def folded_name(self) -> str:
        return folded(self.row.name, self._lower)

    @cached_property
    def sku(self) -> str:
        return sku_form(self.row.sku or "", self._lower)


class Piece(NamedTuple):
    """A part of a query between blanks: its words, as far as they count, and what it is as a SKU."""

    words: list[str]
    sku: str
    is_last: bool


class Wanted:
    """The words of a query, and how well a product fits them."""

    def __init__(self, q: str, lower: Lower) -> None:
        self._sku = sku_form(q, lower)
        parts = q.split()
        self._may_mix = len(parts) > 1
        pieces: list[Piece] = []
        left = MOST_WORDS
        for part in parts:
            if words := words_in(part, lower)[:left]:
                pieces.append(Piece(words, sku_form(part, lower), is_last=False))
                left -= len(words)
        self._pieces = [*pieces[:-1], *(piece._replace(is_last=True) for piece in pieces[-1:])]

    def relevance(self, known: Known) -> int | None:
        """Return 2, 1 or 0, or None where the product is no hit."""
        is_sku = bool(known.sku and self._sku) and known.sku.startswith(self._sku)
        if (is_sku and known.sku == self._sku) or self._fits(known, known.name_words, to_the_end=True):
            return 2
        if is_sku or self._fits(known, known.name_words):
            return 1
        return 0 if self._fits(known, known.words) else None

    def _fits(self, known: Known, words: Sequence[str], *, to_the_end: bool = False) -> bool:
        """Tell whether each piece is the product's SKU, if there are several, or has all its words among `words`.

        The last word, and the last piece, may be the beginning of one, unless `to_the_end`.
        """
        return bool(self._pieces) and all(
            self._is_sku(piece, known.sku, to_the_end=to_the_end) or _are_in(piece, words, to_the_end=to_the_end)
            for piece in self._pieces
        )

    def _is_sku(self, piece: Piece, sku: str, *, to_the_end: bool) -> bool:
        may_begin = piece.is_last and not to_the_end
        is_sku = sku.startswith(piece.sku) if may_begin else sku == piece.sku
        return self._may_mix and bool(sku and piece.sku) and is_sku


def _are_in(piece: Piece, words: Sequence[str], *, to_the_end: bool) -> bool:
    """Tell whether all words of a piece are there. A single one of a script without blanks may begin a pair always."""
    begins = [len(word) == 1 and bool(UNSPACED.match(word)) for word in piece.words]
    begins[-1] |= piece.is_last and not to_the_end
    return all(
        word in words or (may_begin and any(other.startswith(word) for other in words))
        for word, may_begin in zip(piece.words, begins, strict=True)
    )


class Shop:
    """All products; `below` has the categories of each subtree. The empty `q` and `search` filter nothing.

    `ranks` says in what order folded names stand; without it, that of their code points.
    """

    def __init__(
        self,
        rows: Sequence[Known],
        below: Mapping[UUID, set[UUID]],
        lower: Lower = str.lower,
        ranks: Mapping[str, int] | None = None,
    ) -> None:
        self._rows = rows
        self._below = below
        self._lower = lower
        self._ranks = ranks

    def listed(self, query: Query) -> list[Product]:
        """Return the whole list, in its order."""
        return [row for row, _ in self.hits(query)]

    def hits(self, query: Query) -> list[tuple[Product, int | None]]:
        """Return the whole list, in its order, each product with its relevance; None where there is no `q`."""
        wanted = Wanted(query.q, self._lower) if query.q.strip() else None
        term = searchable(query.search, self._lower)
        found: list[tuple[Any, Product, int | None]] = []
        for known in self._rows:
            if self._passes(query, term, known):
                relevance = wanted.relevance(known) if wanted else None
                if not wanted or relevance is not None:
                    found.append((self._key(query, known, relevance), known.row, relevance))
        found.sort(key=lambda hit: hit[0], reverse=query.order.startswith("-") or query.order == "relevance")
        return [(row, relevance) for _, row, relevance in found]

    def _key(self, query: Query, known: Known, relevance: int | None) -> tuple[Any, ...]:
        row, column = known.row, query.order.removeprefix("-")
        if column == "relevance":
            return relevance, row.created_at, row.id
        if column == "name":
            return self._ranks[known.folded_name] if self._ranks else known.folded_name, row.id
        return getattr(row, column), row.id

    def _passes(self, query: Query, term: str, known: Known) -> bool:
        row = known.row
        return (
            query.deleted in {"with", "only" if row.deleted_at else None}
            and (query.category_id is None or row.category_id in self._within(query))
            and (query.min_price is None or row.price >= query.min_price)
            and (query.max_price is None or row.price <= query.max_price)
            and query.in_stock in {None, row.stock > 0}
            and query.sku in {None, row.sku}
            and (not term or any(term in text for text in known.texts))
        )

    def _within(self, query: Query) -> set[UUID]:
        assert query.category_id is not None
        return self._below.get(query.category_id, set()) if query.subtree else {query.category_id}


def is_total(data: Mapping[str, Any], hits: int, count: str | None) -> bool:
    """Tell whether an answer has the right total: exact on request and up to the bound, which may stand for more."""
    if count == "none":
        return "total_count" not in data
    if data.get("total_is_estimate"):
        return count != "exact" and data["total_count"] == COUNT_BOUND < hits
    return data["total_count"] == hits
