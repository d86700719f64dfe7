"""Over HTTP: Angidi beside its peers, on the same rows, logs and request ids on."""

from dataclasses import replace
from functools import partial
from urllib.parse import quote, urlencode

from benchmarks import words
from benchmarks.arena import Arena, Failed, get
from benchmarks.baseline import NAME as BEFORE
from benchmarks.catalogue import DELETED_EVERY, HITS_OF_A_RARE_WORD, Category, rare_words
from benchmarks.contestants import ANGIDI, DJANGO, FASTAPI, FORMER, GO, Running
from benchmarks.results import Figure, Outcome, Verdict, compared, find
from benchmarks.workloads import Rounds, Work, latencies, processor_time, rates, refusals

PRODUCTS = "/api/v1/products"
PGBENCH = "pgbench -M prepared"
DEEP_PAGE = 10_000
NUMBERED_PAGE = 3_000
PAGE = 50
SERVICE = "the service's CPU"
SHELF = 20
"""Products on a category's page: even a leaf has as many at every size."""


def product(arena: Arena) -> Outcome:
    """Measure product by id at 1, 16 and 64 connections."""
    rows = arena.middle
    field = arena.field(rows, ANGIDI, GO, FASTAPI, DJANGO, arena.before)
    paths = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    counts = (64, 16, 1)
    works = [Work(connections(n), paths, n, warm=64 if n == 64 else 0) for n in counts]
    turns = arena.served(field, rows, works)
    limits = arena.race({connections(n): partial(arena.pgbench, rows, n) for n in counts})
    figures: list[Figure] = []
    for work, limit in limits.items():
        figures += [*rates(work, turns), Figure(work=work, who=PGBENCH, unit="/s", rounds=limit)]
    for count in counts:
        figures += processor_time(connections(count), turns, "service", f"{connections(count)}: {SERVICE}")
    goals = ((64, 1.0, GO), (64, 8.0, FASTAPI), (16, 0.7, GO), (1, 0.4, GO), *((n, 1.0, arena.before) for n in counts))
    verdicts = [
        beside(f"product by id, {connections(count)}", bound, figures, connections(count), peer.name)
        for count, bound, peer in goals
    ]
    verdicts.append(at_most(0.75, figures, f"{connections(64)}: {SERVICE}"))
    title = f"Product by id over HTTP, 5,000 ids of {rows:,}"
    notes = ["CPU is processor time of the service's processes for each answer.", *refusals(turns)]
    return Outcome(name="http-product", title=title, figures=figures, verdicts=verdicts, notes=notes)


def open_loop(arena: Arena) -> Outcome:
    """Measure latencies at fixed rates of arrival, from the time that a request was due."""
    rows = arena.middle
    field = arena.field(rows, ANGIDI, GO, FASTAPI)
    paths = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    steps = (500, 1000, 2000)
    works = [
        Work(f"{rate:,} requests a second", paths, 64, {"rate": rate}, warm=64 if rate == steps[0] else 0)
        for rate in steps
    ]
    turns = arena.served(field, rows, works)
    figures = [figure for work in works for figure in latencies(work.name, turns)]
    title = f"Product by id at a fixed rate of arrival, p99, {rows:,} rows"
    note = "Open loop: a request that waits for a free connection counts from when it was due."
    return Outcome(name="http-open-loop", title=title, figures=figures, verdicts=[], notes=[note, *refusals(turns)])


def lists(arena: Arena) -> Outcome:
    """Measure the list of 50 with its total at 16 connections, by size."""
    figures: list[Figure] = []
    notes: list[str] = []
    path = f"{PRODUCTS}?page_size={PAGE}"
    mixed = [f"{path}&page={page}" for page in range(1, 21)]
    for rows in sorted(arena.options.sizes):
        peers = (GO, FASTAPI, DJANGO, FORMER) if rows == arena.small else (GO, FORMER)
        first, in_turn = f"{rows:,} rows", f"{rows:,} rows, pages 1 to 20 in turn"
        works = [Work(first, [path], 16, warm=16), Work(in_turn, mixed, 16, warm=0)]
        turns = arena.served(arena.field(rows, ANGIDI, *peers), rows, works)
        figures += [*rates(first, turns), *(f for f in rates(in_turn, turns) if f.who in {ANGIDI.name, GO.name})]
        notes += refusals(turns)
    goals = [(arena.small, 3.0, FASTAPI), (arena.middle, 30.0, GO), (arena.large, 50.0, GO)]
    verdicts = [
        beside(f"list of {PAGE} with total, {rows:,} rows, 16 connections", bound, figures, f"{rows:,} rows", peer.name)
        for rows, bound, peer in goals
    ]
    title = f"List of {PAGE} products with the total, 16 connections"
    return Outcome(name="http-list", title=title, figures=figures, verdicts=verdicts, notes=notes)


def cursor(arena: Arena) -> Outcome:
    """Measure page 10,000 by cursor beside page 1, at one connection, so that no two requests share a statement."""
    rows = arena.large
    (angidi,) = arena.field(rows, ANGIDI)
    active = rows - rows // DELETED_EVERY
    deep = min(DEEP_PAGE, active // PAGE - 30)
    first = f"{PRODUCTS}?page_size={PAGE}"
    with arena.start(angidi, arena.url(rows)) as running:
        pages = [_page_after(running, f"{first}&page={deep - 1}")]
        while len(pages) < 20:
            pages.append(_page_after(running, pages[-1]))
    works = [Work("page 1", [first]), Work(f"page {deep:,} by cursor", pages)]
    turns = arena.served([angidi], rows, works)
    figures = [figure for work in works for figure in latencies(work.name, turns, "p50")]
    verdicts = [_less(f"page {deep:,} by cursor against page 1, p50", 1.2, figures, works[1].name, works[0].name)]
    title = f"Lists of {PAGE} by cursor, {rows:,} rows, one connection"
    return Outcome(name="http-cursor", title=title, figures=figures, verdicts=verdicts, notes=refusals(turns))


def numbered(arena: Arena) -> Outcome:
    """Measure page 3,000 of 50 by its number, in three orders, at one connection."""
    rows = arena.middle
    active = rows - rows // DELETED_EVERY
    deep = min(NUMBERED_PAGE, active // PAGE - 30)
    field = arena.field(rows, ANGIDI, GO, arena.before)
    newest, *others = (f"page {deep:,}, {order}" for order in ("the newest first", "by price", "by name"))
    pages = [f"{PRODUCTS}?page_size={PAGE}&page={page}" for page in range(deep, deep + 20)]
    works = [Work(newest, pages, warm=4)]
    sorted_works = [
        Work(name, [f"{page}&sort={key}" for page in pages], warm=4)
        for name, key in zip(others, ("price", "name"), strict=True)
    ]
    urls = {one: arena.databases.url(arena.database(one, rows)) for one in field}
    turns: Rounds = arena.race(
        {
            one.name: partial(arena.turn, one, url, works if one is GO else [*works, *sorted_works])
            for one, url in urls.items()
        }
    )
    figures = [figure for work in (*works, *sorted_works) for figure in rates(work.name, turns)]
    verdicts = [beside(f"page {deep:,} by number, the newest first", 3.0, figures, newest, GO.name)]
    peer = find(figures, newest, GO.name)
    for work in sorted_works:
        if ours := find(figures, work.name, ANGIDI.name):
            goal = f"{work.name}, against the newest first of the peer"
            verdicts.append(compared(goal, "≥", 3.0, ours, peer or GO.name))
    title = f"Pages of {PAGE} by number, {rows:,} rows, one connection"
    return Outcome(name="http-pages", title=title, figures=figures, verdicts=verdicts, notes=refusals(turns))


def search(arena: Arena) -> Outcome:
    """Measure the search of rare words and of a frequent one, at 4 connections."""
    rows = arena.large
    rare = _rare(rows)
    ids = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    found = arena.agreed(rows, [ANGIDI, GO, FORMER], [f"{PRODUCTS}?search={rare[0]}"])
    peers = [contestant for contestant, _ in found if contestant is not ANGIDI]
    with arena.start(ANGIDI, arena.url(rows)) as running:
        _check_q(running, rare[0])
    shared = Work("search, rare", [f"{PRODUCTS}?search={word}" for word in rare], 4, warm=0)
    ours = [
        replace(shared, warm=64),
        Work("q, rare", [f"{PRODUCTS}?q={word}" for word in rare], 4),
        Work("product by id", ids, 4),
        Work("search, 10 % of the products", [f"{PRODUCTS}?search={words.FREQUENT}"], 4),
        Work("q, 10 % of the products", [f"{PRODUCTS}?q={words.FREQUENT}"], 4),
    ]
    entries = {ANGIDI: ours} | {peer: [shared] for peer in peers}
    urls = {one: arena.databases.url(arena.database(one, rows)) for one in entries}
    turns: Rounds = arena.race({one.name: partial(arena.turn, one, urls[one], entries[one]) for one in entries})
    figures = [figure for work in ours[:2] for figure in rates(work.name, turns)]
    for work in ours[2:]:
        figures += latencies(work.name, turns, title=f"{work.name}, p99")
    verdicts = [beside(f"search of a rare word, {rows:,} rows, 4 connections", 500, figures, "search, rare", GO.name)]
    for kind in ("search", "q"):
        goal = f"`{kind}` of a word with 10 % hits against product by id, p99, 4 connections"
        verdicts.append(_less(goal, 30, figures, f"{kind}, 10 % of the products, p99", "product by id, p99"))
    title = f"Search, {rows:,} rows, 4 connections"
    return Outcome(name="http-search", title=title, figures=figures, verdicts=verdicts, notes=refusals(turns))


def growth(arena: Arena) -> Outcome:
    """Measure how lists and search slow down as the catalogue grows: one connection, the sizes taking turns."""
    sizes = sorted(arena.options.sizes)
    if len(sizes) < 2:
        raise Failed("growth needs two sizes at least: --sizes 10k 1m")
    with arena.start(ANGIDI, arena.url(sizes[0])) as running:
        _check_q(running, _rare(sizes[0])[0])
    works = {rows: [Work(name, paths) for name, paths in _growing(arena, rows).items()] for rows in sizes}
    turns: Rounds = arena.race({f"{rows}": partial(arena.turn, ANGIDI, arena.url(rows), works[rows]) for rows in sizes})
    figures = [
        Figure(work=f"{work.name}, {int(f.who):,} rows", who=ANGIDI.name, unit="ms", rounds=f.rounds, latency=f.latency)
        for work in works[sizes[0]]
        for f in latencies(work.name, turns, "p50")
    ]
    span = f"from {sizes[0]:,} to {sizes[-1]:,} rows"
    verdicts = [
        _less(
            f"growth of {work.name} {span}", 1.5, figures, *(f"{work.name}, {n:,} rows" for n in (sizes[-1], sizes[0]))
        )
        for work in works[sizes[0]]
    ]
    title = "Growth, p50 at one connection"
    return Outcome(name="http-growth", title=title, figures=figures, verdicts=verdicts, notes=refusals(turns))


def connections(count: int) -> str:
    return f"{count} connection{'s' if count > 1 else ''}"


def _growing(arena: Arena, rows: int) -> dict[str, list[str]]:
    """Return what the goal names, as paths on the data set of `rows`."""
    large, middle, leaf = (arena.tree.subtree(share, depth) for share, depth in ((1.0, 1), (0.03, 2), (0.005, 5)))
    return {
        "list": [f"{PRODUCTS}?{urlencode({'page_size': PAGE})}"],
        "category list": [f"{PRODUCTS}?{urlencode({'category_id': leaf.id, 'page_size': SHELF})}"],
        "subtree list, a large one": [_shelf(large)],
        "subtree list, a middle one": [_shelf(middle)],
        "subtree list, a leaf": [_shelf(leaf)],
        "subtree list by price, a middle one": [_shelf(middle) + "&sort=price"],
        "selective search": [f"{PRODUCTS}?search={word}" for word in _rare(rows)],
        "selective q": [f"{PRODUCTS}?q={word}" for word in _rare(rows)],
    }


def _shelf(category: Category) -> str:
    return f"/api/v1/categories/{category.id}/products?page_size={SHELF}"


def _rare(rows: int) -> list[str]:
    """Return rare words, evenly taken."""
    found = rare_words(rows)
    return found[:: max(1, len(found) // 500)]


def _check_q(running: Running, rare: str) -> None:
    """Fail where `q` is no search: a parameter that is ignored gives the whole list, quickly."""
    found = get(running, f"{PRODUCTS}?q={rare}")["total_count"]
    if not 0 < found <= 3 * HITS_OF_A_RARE_WORD:
        raise Failed(f"{running.name} finds {found:,} products by `q={rare}`, which stands in {HITS_OF_A_RARE_WORD}")


def _page_after(running: Running, path: str) -> str:
    """Return the path of the page after that of `path`, by its cursor."""
    answer = get(running, path)
    if not (following := answer.get("next_cursor")):
        raise Failed(f"{running.name} gives no next_cursor for {path}")
    return f"{PRODUCTS}?page_size={PAGE}&cursor={quote(following)}"


def at_most(bound: float, figures: list[Figure], work: str) -> Verdict:
    """Return the verdict that Angidi takes at most `bound` of what it took before."""
    ours, before = find(figures, work, ANGIDI.name), find(figures, work, BEFORE)
    if ours is None:
        return Verdict(goal=work, sense="≤", bound=bound, value=None, beside=f"{ANGIDI.name} was not measured")
    return compared(work, "≤", bound, ours, before or BEFORE)


def beside(goal: str, bound: float, figures: list[Figure], work: str, peer: str) -> Verdict:
    """Return the verdict that Angidi does at least `bound` times as much as the peer."""
    ours = find(figures, work, ANGIDI.name)
    if ours is None:
        return Verdict(goal=goal, sense="≥", bound=bound, value=None, beside=f"{ANGIDI.name} was not measured")
    return compared(goal, "≥", bound, ours, find(figures, work, peer) or peer)


def _less(goal: str, bound: float, figures: list[Figure], work: str, other: str) -> Verdict:
    """Return the verdict that Angidi takes at most `bound` times as long for a work as for another."""
    ours, theirs = (find(figures, name, ANGIDI.name) for name in (work, other))
    if ours is None or theirs is None:
        missing = work if ours is None else other
        return Verdict(goal=goal, sense="≤", bound=bound, value=None, beside=f"{missing} was not measured")
    return compared(goal, "≤", bound, ours, theirs)
