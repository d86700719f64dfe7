"""Over HTTP: Angidi beside its peers, on the same rows, logs and request ids on."""

from urllib.parse import quote, urlencode

from benchmarks import words
from benchmarks.arena import Arena, Failed, agree, get, latencies, rates
from benchmarks.catalogue import DELETED_EVERY, HITS_OF_A_RARE_WORD, Category, rare_words
from benchmarks.contestants import ANGIDI, DJANGO, FASTAPI, FORMER, GO, Running
from benchmarks.figures import Figure, Outcome, Verdict, compared, find

PRODUCTS = "/api/v1/products"
PGBENCH = "pgbench -M prepared"
DEEP_PAGE = 10_000
PAGE = 50
SHELF = 20
"""Products on a category's page: even a leaf has as many at every size."""


def product(arena: Arena) -> Outcome:
    """Measure product by id at 1, 16 and 64 connections."""
    rows = arena.middle
    field = arena.field(rows, ANGIDI, GO, FASTAPI, DJANGO)
    paths = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    figures: list[Figure] = []
    for running in field:
        arena.warm(running, paths)
    for connections in (64, 16, 1):
        figures += _race(arena, _connections(connections), field, paths, connections)
        limit = arena.race({PGBENCH: lambda clients=connections: arena.pgbench(rows, clients)})
        figures.append(Figure(work=_connections(connections), who=PGBENCH, unit="/s", rounds=limit[PGBENCH]))
    goals = ((64, 1.0, GO), (64, 8.0, FASTAPI), (16, 0.7, GO), (1, 0.4, GO))
    verdicts = [
        _beside(f"product by id, {_connections(count)}", bound, figures, _connections(count), peer.name)
        for count, bound, peer in goals
    ]
    title = f"Product by id over HTTP, 5,000 ids of {rows:,}"
    return Outcome(name="http-product", title=title, figures=figures, verdicts=verdicts)


def open_loop(arena: Arena) -> Outcome:
    """Measure latencies at fixed rates of arrival, from the time that a request was due."""
    rows = arena.middle
    field = arena.field(rows, ANGIDI, GO, FASTAPI)
    paths = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    figures: list[Figure] = []
    for running in field:
        arena.warm(running, paths)
    for rate in (500, 1000, 2000):
        entries = {
            running.name: lambda running=running, rate=rate: arena.load(running, paths, connections=64, rate=rate)
            for running in field
        }
        figures += latencies(f"{rate:,} requests a second", arena.race(entries))
    title = f"Product by id at a fixed rate of arrival, p99, {rows:,} rows"
    note = "Open loop: a request that waits for a free connection counts from when it was due."
    return Outcome(name="http-open-loop", title=title, figures=figures, verdicts=[], notes=[note])


def lists(arena: Arena) -> Outcome:
    """Measure the list of 50 with its total at 16 connections, by size."""
    figures: list[Figure] = []
    for rows in sorted(arena.options.sizes):
        peers = (GO, FASTAPI, DJANGO, FORMER) if rows == arena.small else (GO, FORMER)
        field = arena.field(rows, ANGIDI, *peers)
        path = f"{PRODUCTS}?page_size={PAGE}"
        for running in field:
            arena.warm(running, [path], connections=16)
        figures += _race(arena, f"{rows:,} rows", field, [path], 16)
        mixed = [f"{path}&page={page}" for page in range(1, 21)]
        figures += _race(arena, f"{rows:,} rows, pages 1 to 20 in turn", field[:2], mixed, 16)
    goals = [(arena.small, 3.0, FASTAPI), (arena.middle, 30.0, GO), (arena.large, 50.0, GO)]
    verdicts = [
        _beside(
            f"list of {PAGE} with total, {rows:,} rows, 16 connections", bound, figures, f"{rows:,} rows", peer.name
        )
        for rows, bound, peer in goals
    ]
    title = f"List of {PAGE} products with the total, 16 connections"
    return Outcome(name="http-list", title=title, figures=figures, verdicts=verdicts)


def cursor(arena: Arena) -> Outcome:
    """Measure page 10,000 by cursor beside page 1, at one connection, so that no two requests share a statement."""
    rows = arena.large
    (angidi,) = arena.field(rows, ANGIDI)
    living = rows - rows // DELETED_EVERY
    deep = min(DEEP_PAGE, living // PAGE - 30)
    first = f"{PRODUCTS}?page_size={PAGE}"
    pages = [_page_after(angidi, f"{first}&page={deep - 1}")]
    while len(pages) < 20:
        pages.append(_page_after(angidi, pages[-1]))
    entries = {"page 1": [first], f"page {deep:,} by cursor": pages}
    for paths in entries.values():
        arena.warm(angidi, paths)
    results = arena.race({name: lambda paths=paths: arena.load(angidi, paths) for name, paths in entries.items()})
    figures = latencies("list", results, "p50")
    figures = [Figure(work=f.who, who=ANGIDI.name, unit="ms", rounds=f.rounds, latency=f.latency) for f in figures]
    verdict = compared(f"page {deep:,} by cursor against page 1, p50", "≤", 1.2, figures[1], figures[0])
    title = f"Lists of {PAGE} by cursor, {rows:,} rows, one connection"
    return Outcome(name="http-cursor", title=title, figures=figures, verdicts=[verdict])


def search(arena: Arena) -> Outcome:
    """Measure the search of rare words and of a frequent one, at 4 connections."""
    rows = arena.large
    field = arena.field(rows, ANGIDI, GO, FORMER)
    angidi = field[0]
    rare = _rare(rows)
    agree(field, [f"{PRODUCTS}?search={rare[0]}"])
    _check_q(angidi, rare[0])
    figures: list[Figure] = []
    for running in field[:1]:
        arena.warm(running, [f"{PRODUCTS}?search={word}" for word in rare])
    figures += _race(arena, "search, rare", field, [f"{PRODUCTS}?search={word}" for word in rare], 4)
    figures += _race(arena, "q, rare", [angidi], [f"{PRODUCTS}?q={word}" for word in rare], 4)
    ids = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    works = {
        "product by id": ids,
        "search, 10 % of the products": [f"{PRODUCTS}?search={words.FREQUENT}"],
        "q, 10 % of the products": [f"{PRODUCTS}?q={words.FREQUENT}"],
    }
    for paths in works.values():
        arena.warm(angidi, paths)
    results = arena.race(
        {work: lambda paths=paths: arena.load(angidi, paths, connections=4) for work, paths in works.items()}
    )
    for work, reports in results.items():
        figures += latencies(f"{work}, p99", {ANGIDI.name: reports})
    point = find(figures, "product by id, p99", ANGIDI.name)
    verdicts = [_beside(f"search of a rare word, {rows:,} rows, 4 connections", 500, figures, "search, rare", GO.name)]
    for kind in ("search", "q"):
        frequent = find(figures, f"{kind}, 10 % of the products, p99", ANGIDI.name)
        if frequent and point:
            goal = f"`{kind}` of a word with 10 % hits against product by id, p99, 4 connections"
            verdicts.append(compared(goal, "≤", 30, frequent, point))
    return Outcome(
        name="http-search", title=f"Search, {rows:,} rows, 4 connections", figures=figures, verdicts=verdicts
    )


def growth(arena: Arena) -> Outcome:
    """Measure how lists and search slow down as the catalogue grows: one connection, the sizes taking turns."""
    sizes = sorted(arena.options.sizes)
    if len(sizes) < 2:
        raise Failed("growth needs two sizes at least: --sizes 10k 1m")
    servers = {rows: running for rows in sizes if (running := arena.running(ANGIDI, rows))}
    _check_q(servers[sizes[0]], _rare(sizes[0])[0])
    works = {rows: _growing(arena, rows) for rows in sizes}
    figures: list[Figure] = []
    for work in works[sizes[0]]:
        for rows, running in servers.items():
            arena.warm(running, works[rows][work])
        entries = {
            f"{rows}": lambda running=running, paths=works[rows][work]: arena.load(running, paths)
            for rows, running in servers.items()
        }
        taken = latencies("", arena.race(entries), "p50")
        figures += [
            Figure(work=f"{work}, {int(f.who):,} rows", who=ANGIDI.name, unit="ms", rounds=f.rounds, latency=f.latency)
            for f in taken
        ]
    verdicts: list[Verdict] = []
    for work in works[sizes[0]]:
        first, last = (find(figures, f"{work}, {rows:,} rows", ANGIDI.name) for rows in (sizes[0], sizes[-1]))
        if first and last:
            verdicts.append(
                compared(f"growth of {work} from {sizes[0]:,} to {sizes[-1]:,} rows", "≤", 1.5, last, first)
            )
    title = "Growth, p50 at one connection"
    return Outcome(name="http-growth", title=title, figures=figures, verdicts=verdicts)


def _connections(count: int) -> str:
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


def _race(arena: Arena, work: str, field: list[Running], paths: list[str], connections: int) -> list[Figure]:
    entries = {
        running.name: lambda running=running: arena.load(running, paths, connections=connections) for running in field
    }
    return rates(work, arena.race(entries))


def _beside(goal: str, bound: float, figures: list[Figure], work: str, peer: str) -> Verdict:
    ours = find(figures, work, ANGIDI.name)
    if ours is None:
        raise Failed(f"Angidi was not measured at {work}")
    return compared(goal, "≥", bound, ours, find(figures, work, peer) or peer)
