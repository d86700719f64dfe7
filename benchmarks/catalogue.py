"""The catalogue that is measured: a tree of categories, products and users, the same for the same number of rows.

The tree does not depend on the number of products, so that growth is growth of the products alone. Products are spread
over it as in shops: a third stands below one root, most leaves have few. Texts have the sizes of real ones (names of
about 30 characters, descriptions of about 150). One product in fifty is deleted softly.

Words and prices depend on the category, as in shops. A root is a department with words that no other one uses, and a
range of prices; a category below it sells some of its things, in a part of its range. So conditions may exclude each
other: many products have the word, many stand in the category, and none does both. Adjectives, common words, the
frequent word and the rare ones are spread over all departments.
"""

import csv
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from benchmarks import words

SEED = 5
BATCH = 10_000
CHILDREN = (8, 6, 4, 1)
"""Children of a category by its depth, from the roots on: 12 + 96 + 576 + 2,304 + 2,304 categories."""

HITS_OF_A_RARE_WORD = 5
DELETED_EVERY = 50
BEGINNING = datetime(2023, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=1000)
EMAIL = "user{}@shop.example"


NARROWED = 0.6
"""The part of its parent's range of prices that a category has, from the second level to the third."""


class Category(NamedTuple):
    """A category; `depth` counts from 1, `share` is the part of all products that stand in it or below.

    `department` is the place of its root in `words.DEPARTMENTS`.
    """

    id: UUID
    name: str
    parent_id: UUID | None
    depth: int
    department: int
    share: float


class Product(NamedTuple):
    """A product as COPY takes it; an empty `deleted_at` is an active one."""

    id: str
    sku: str
    name: str
    description: str
    price: str
    stock: int
    category_id: str
    image_url: str
    created_at: str
    deleted_at: str


class User(NamedTuple):
    """A user as COPY takes it."""

    id: str
    email: str
    password_hash: str
    name: str
    role: str
    created_at: str


@dataclass(frozen=True)
class Tree:
    """The categories, parents first, and the weight of each for products of its own."""

    categories: list[Category]
    weights: list[float]

    def subtree(self, share: float, depth: int, department: int | None = None) -> Category:
        """Return the category of `depth`, and of the department, whose share of the products is nearest to `share`."""
        level = (category for category in self.categories if category.depth == depth)
        inside = (category for category in level if department in {None, category.department})
        return min(inside, key=lambda category: abs(category.share - share))


class Assortment(NamedTuple):
    """What a category sells: what its products are and are made of, how they are described, and prices in cents."""

    nouns: Sequence[str]
    materials: Sequence[str]
    phrases: Sequence[str]
    cheapest: float
    dearest: float

    def narrowed(self, rng: random.Random) -> "Assortment":
        """Return half of the things, at a part of the prices."""
        span = self.dearest / self.cheapest
        start = rng.random() * (1 - NARROWED)
        return Assortment(
            _half(rng, self.nouns),
            _half(rng, self.materials),
            self.phrases,
            self.cheapest * span**start,
            self.cheapest * span ** (start + NARROWED),
        )


def assortments(tree: Tree) -> list[Assortment]:
    """Return what each category of the tree sells, in its order. Levels below the third sell what the third does."""
    rng = random.Random(SEED + 1)
    found: dict[UUID, Assortment] = {}
    shelves = count()
    for category in tree.categories:
        if category.parent_id is None:
            found[category.id] = _of_department(rng, category)
        elif category.depth == 2:
            own = [*words.of_department(category.department), *words.of_shelf(next(shelves))]
            narrow = found[category.parent_id].narrowed(rng)
            found[category.id] = narrow._replace(phrases=_phrases(rng, [*narrow.nouns, *own], category.share))
        else:
            parent = found[category.parent_id]
            found[category.id] = parent.narrowed(rng) if category.depth == 3 else parent
    return [found[category.id] for category in tree.categories]


def tree() -> Tree:
    """Return the tree of categories, whose names are all different."""
    rng = random.Random(SEED)
    found: list[tuple[UUID, str, UUID | None, int, int]] = []
    weights: list[float] = []

    def grow(name: str, parent: UUID | None, depth: int, department: int, weight: float) -> None:
        identity = _uuid(rng, len(found))
        children = CHILDREN[depth - 1] if depth <= len(CHILDREN) else 0
        found.append((UUID(identity), name, parent, depth, department))
        weights.append(weight if not children else weight * 0.05)
        total = sum(1 / rank for rank in range(1, children + 1))
        for rank in range(1, children + 1):
            label = f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.DEPARTMENTS[department].nouns)} {len(found)}"
            grow(label, UUID(identity), depth + 1, department, weight * 0.95 / rank / total)

    total = sum(1 / rank for rank in range(1, len(words.DEPARTMENTS) + 1))
    for place, department in enumerate(words.DEPARTMENTS):
        grow(department.name, None, 1, place, 1 / (place + 1) / total)
    shares = dict(zip((row[0] for row in found), weights, strict=True))
    for identity, _, parent, *_ in reversed(found):
        if parent:
            shares[parent] += shares[identity]
    return Tree([Category(*row, shares[row[0]]) for row in found], weights)


def products(rows: int, part: int = 0, parts: int = 1) -> Iterator[Product]:
    """Yield `rows` products, the oldest first; with `parts`, each yields every so many-th batch of them."""
    where = tree()
    homes = list(zip((category.id.hex for category in where.categories), assortments(where), strict=True))
    spread = list(itertools.accumulate(where.weights))
    step = SPAN / max(rows, 1)
    rare = rare_words(rows)
    for start in range(part * BATCH, rows, parts * BATCH):
        rng = random.Random(f"{SEED} {start}")
        size = min(BATCH, rows - start)
        columns = zip(
            range(start, start + size),
            rng.choices(homes, cum_weights=spread, k=size),
            rng.choices(words.ADJECTIVES, k=size),
            strict=True,
        )
        for number, (home, sells), adjective in columns:
            luck = rng.random()
            noun, material = _one(rng, sells.nouns), _one(rng, sells.materials)
            first, second = _one(rng, sells.phrases), _one(rng, sells.phrases)
            first_word = words.FREQUENT.capitalize() if luck < 0.02 else adjective
            addition = f" {words.FREQUENT}" if 0.02 <= luck < 0.1 else ""
            coined = rare[number * 7919 % len(rare)]
            sku = f"{noun[:3].upper()}-{number:07d}"
            made = BEGINNING + step * number
            cents = int(sells.cheapest * (sells.dearest / sells.cheapest) ** rng.random())
            yield Product(
                id=_uuid(rng, int(made.timestamp() * 1000)),
                sku=sku,
                name=f"{first_word} {material} {noun} {coined if number % 2 else f'set of {number % 9 + 2}'}",
                description=f"{first}. {second}{addition}." if number % 2 else f"{first}. {second}{addition} {coined}.",
                price=f"{cents // 100}.{cents % 100:02d}",
                stock=number % 211,
                category_id=home,
                image_url=f"https://img.shop.example/{sku}.jpg" if number % 3 else "",
                created_at=made.isoformat(),
                deleted_at=made.isoformat() if number % DELETED_EVERY == 17 else "",
            )


def users(rows: int) -> Iterator[User]:
    """Yield `rows` users."""
    rng = random.Random(SEED + 2)
    step = SPAN / max(rows, 1)
    secret = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "B" * 43  # fits no password
    for number in range(rows):
        made = BEGINNING + step * number
        yield User(
            id=_uuid(rng, int(made.timestamp() * 1000)),
            email=EMAIL.format(number),
            password_hash=secret,
            name=words.coined(number).capitalize(),
            role="user",
            created_at=made.isoformat(),
        )


def rare_words(rows: int) -> list[str]:
    """Return the words that stand in about five of `rows` products each."""
    return [words.coined(number) for number in range(max(1, rows // HITS_OF_A_RARE_WORD))]


def write_csv(path: Path, rows: int) -> None:
    """Write the products as a file for `angidi import products`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("sku", "name", "price", "stock", "description", "category_id", "image_url"))
        for row in products(rows):
            writer.writerow(
                (row.sku, row.name, row.price, row.stock, row.description, UUID(row.category_id), row.image_url)
            )


def _of_department(rng: random.Random, root: Category) -> Assortment:
    _, nouns, materials, cheapest, dearest = words.DEPARTMENTS[root.department]
    own = [*nouns, *materials, *words.of_department(root.department)]
    return Assortment(nouns, materials, _phrases(rng, own, root.share), cheapest, dearest)


def _phrases(rng: random.Random, own: Sequence[str], share: float) -> list[str]:
    """Return texts of about 65 characters, by `share`; common words stand in most of them, others seldom (Zipf)."""
    vocabulary = [*words.COMMON, *own]
    spread = list(itertools.accumulate((rank + 10) ** -1.2 for rank in range(len(vocabulary))))
    return [
        " ".join(rng.choices(vocabulary, cum_weights=spread, k=10)).capitalize()
        for _ in range(max(50, int(share * 20_000)))
    ]


def _half(rng: random.Random, things: Sequence[str]) -> list[str]:
    return rng.sample(things, -(-len(things) // 2))


def _one(rng: random.Random, things: Sequence[str]) -> str:
    """Return one of them; `choice` takes three times as long."""
    return things[int(rng.random() * len(things))]


def _uuid(rng: random.Random, milliseconds: int) -> str:
    """Return a UUID of version 7, of that time, in hexadecimal."""
    bits = rng.getrandbits(74)
    return f"{milliseconds:012x}7{bits & 0xFFF:03x}{bits >> 12 & 0x3 | 0x8:x}{bits >> 14:015x}"
