"""Calls of the platform's repositories, beside the bare driver on the same statements.

One client mostly waits for the server, and for the system to wake who waits; with ten the process is always busy, and
what our layers cost shows in full. Lists and searches are the calls below the service, which signs cursors and joins
equal questions.
"""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any, LiteralString
from uuid import UUID

import uvloop
from msgspec import structs

from angidi.db import Database
from angidi.db.rows import Connection
from angidi.ids import new_id
from angidi.pagination.pages import PageRequest
from angidi.products import repository as products
from angidi.products import search
from angidi.products.models import NewProduct, ProductQuery
from angidi.users import repository as users
from benchmarks import catalogue
from benchmarks.arena import Arena
from benchmarks.driver import BARE, BARE_POOLED, OURS, OURS_HELD, Make, Pace, Round, Work, compare, replayed
from benchmarks.results import Figure, Outcome, Verdict, below, compared

BATCH = 100
PAGE = 50
HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "B" * 43

Rounds = dict[str, dict[str, list[Round]]]


def against_the_driver(arena: Arena) -> Outcome:
    """Measure what our layers cost: calls a second of one client and of ten, beside psycopg's."""
    rows = arena.middle
    with _copy(arena, rows) as url:
        case = Cases(arena, rows, url)
        works = [case.by_id, case.user_by_email, case.insert, case.insert_many, case.insert_user]
        taken = {n: _run(arena, url, works, (OURS, OURS_HELD, BARE, BARE_POOLED), clients=n) for n in (1, 10)}
    figures = [
        Figure(
            work=f"{work}, {_clients(n)}",
            who=who,
            unit="/s",
            rounds=[done.rate for done in side],
            latency=_latency(side),
        )
        for n, by_work in taken.items()
        for work, sides in by_work.items()
        for who, side in sides.items()
    ]
    verdicts: list[Verdict] = []
    for work in dict.fromkeys(figure.work for figure in figures):
        by_who = {figure.who: figure for figure in figures if figure.work == work}
        for ours, bare, how in ((OURS_HELD, BARE, "on a connection"), (OURS, BARE_POOLED, "through the pool")):
            verdicts.append(compared(f"repository: {work}, {how}", "≥", 0.85, by_who[ours], by_who[bare]))
    title = f"Repository calls beside psycopg on the same statements, {rows:,} rows"
    return Outcome(name="repository", title=title, figures=figures, verdicts=verdicts)


def targets(arena: Arena) -> Outcome:
    """Measure p99 of the calls that the platform has targets for, at 1 and 16 clients; the writes after all reads."""
    rows = arena.large
    with _copy(arena, rows) as url:
        case = Cases(arena, rows, url)
        reads = {
            "by key": (case.by_id, 5),
            "by index": (case.user_by_email, 10),
            "list of 50": (case.page, 100),
            "search": (case.search, 200),
            "join: a subtree": (case.subtree, 200),
        }
        writes = {"insert": (case.insert, 50), "batch of 100": (case.insert_many, 500)}
        taken: dict[int, Rounds] = {1: {}, 16: {}}
        for works in (reads, writes):
            makes = [partial(_renamed, name, make) for name, (make, _) in works.items()]
            for clients, found in taken.items():
                found.update(_run(arena, url, makes, (OURS, BARE), clients=clients))
    figures: list[Figure] = []
    verdicts: list[Verdict] = []
    for clients, by_work in taken.items():
        for name, sides in by_work.items():
            work = f"{name}, {_clients(clients)}"
            ours, bare = (
                Figure(work=work, who=who, unit="ms", rounds=[done.at(0.99) for done in side], latency=_latency(side))
                for who, side in sides.items()
            )
            figures += [ours, bare]
            if clients == 1:
                target = (reads | writes)[name][1]
                goal = f"{name}, p99 at 1 client: a tenth of the platform's target of {target} ms"
                verdicts.append(below(goal, target / 10, ours))
            else:
                verdicts.append(compared(f"{name}, p99 at {clients} clients against psycopg", "≤", 1.3, ours, bare))
    title = f"The platform's targets: p99 of repository calls, {rows:,} rows"
    return Outcome(name="targets", title=title, figures=figures, verdicts=verdicts)


class Cases:
    """The calls, on one database."""

    def __init__(self, arena: Arena, rows: int, url: str) -> None:
        self._url = url
        self._ids = [UUID(id_) for id_ in arena.ids(rows)]
        self._rows = rows
        self._rare = catalogue.rare_words(rows)
        self._shelf = arena.tree.subtree(0.03, 2).id
        self._home = arena.tree.subtree(0.005, 5).id
        self._fresh = count()

    async def by_id(self) -> Work:
        async def call(database: Database, number: int) -> object:
            return await database.read(products.find_product, self._ids[number % len(self._ids)])

        return await replayed("product by id", self._url, call, 2_000)

    async def user_by_email(self) -> Work:
        async def call(database: Database, number: int) -> object:
            return await database.read(users.find_by_email, catalogue.EMAIL.format(number * 101 % self._rows))

        return await replayed("user by e-mail", self._url, call, 2_000)

    async def page(self) -> Work:
        return await self._listed(f"list of {PAGE}", lambda number: ProductQuery(page=number % 20 + 1, page_size=PAGE))

    async def search(self) -> Work:
        def query(number: int) -> ProductQuery:
            return ProductQuery(search=self._rare[number * 101 % len(self._rare)], page_size=PAGE)

        return await self._listed("search", query)

    async def subtree(self) -> Work:
        def query(number: int) -> ProductQuery:
            return ProductQuery(category_id=self._shelf, subtree=True, page=number % 20 + 1, page_size=PAGE)

        return await self._listed("subtree", query)

    async def insert(self) -> Work:
        async def ours(database: Database, _: int) -> object:
            return await database.write(products.insert, self._product())

        async def raw(conn: Connection, _: int) -> None:
            await _fetched(conn, products.INSERT, {"id": new_id(), **structs.asdict(self._product())})

        return Work("insert a product", ours, raw)

    async def insert_many(self) -> Work:
        def batch() -> list[tuple[UUID, NewProduct]]:
            return [(new_id(), self._product()) for _ in range(BATCH)]

        async def ours(database: Database, _: int) -> object:
            return await database.write(products.insert_many, batch())

        async def raw(conn: Connection, _: int) -> None:
            rows = [{"id": id_, **structs.asdict(new)} for id_, new in batch()]
            names = ("id", *NewProduct.__struct_fields__)
            await _fetched(conn, products.INSERT_MANY, {name: [row[name] for row in rows] for name in names})

        return Work(f"insert {BATCH} products at once", ours, raw)

    async def insert_user(self) -> Work:
        def user() -> dict[str, Any]:
            email = f"ada{next(self._fresh)}@new.example"
            return {"email": email, "password_hash": HASH, "name": "Ada Lovelace", "role": "user"}

        async def ours(database: Database, _: int) -> object:
            return await database.write(users.insert, **user())

        async def raw(conn: Connection, _: int) -> None:
            await _fetched(conn, users.INSERT, {"id": new_id(), **user()})

        return Work("create a user, the hash apart", ours, raw)

    def _product(self) -> NewProduct:
        return NewProduct(
            name="Quiet walnut radio with a shelf",
            price=Decimal("49.90"),
            category_id=self._home,
            stock=7,
            description="Comes in two colours and keeps every room warm. " * 3,
            image_url="https://img.shop.example/radio.jpg",
            sku=f"NEW-{next(self._fresh)}",
        )

    async def _listed(self, name: str, query: Callable[[int], ProductQuery]) -> Work:
        async def call(database: Database, number: int) -> object:
            asked = query(number)
            page_request = PageRequest(search.ORDERS[asked.order].position, PAGE, (asked.page - 1) * PAGE)
            return await database.read(search.read_product_page, asked, page_request)

        return await replayed(name, self._url, call, 100)


async def _renamed(name: str, make: Make) -> Work:
    return (await make())._replace(name=name)


async def _fetched(conn: Connection, sql: LiteralString, params: dict[str, Any]) -> None:
    await (await conn.execute(sql, params, prepare=True)).fetchall()


def _clients(number: int) -> str:
    return f"{number} client{'s' if number > 1 else ''}"


def _run(arena: Arena, url: str, works: Sequence[Make], who: Sequence[str], *, clients: int) -> Rounds:
    return uvloop.run(compare(url, works, who, Pace(clients, arena.options.rounds, arena.options.seconds / 2)))


@contextmanager
def _copy(arena: Arena, rows: int) -> Generator[str]:
    """Give a copy of the data set to write to; nobody may be connected to it while it is copied.

    It is on the disk, too: what the system had yet to write would take the disk, and with it the tail of what follows.
    """
    arena.ids(rows)
    with arena.databases.copy(arena.databases.platform(rows)) as url:
        os.sync()
        yield url


def _latency(side: Sequence[Round]) -> dict[str, float]:
    parts = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "maximum": 1.0}
    return {name: sorted(done.at(part) for done in side)[len(side) // 2] for name, part in parts.items()}
