"""The statements that a request really runs, and how the database runs each of them once it has settled on a plan."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection, sql

from angidi.config import Settings
from angidi.db import Database
from angidi.db.diagnostics.plans import numbered
from angidi.db.pool import CONNECTION
from angidi.db.query_counter import InstrumentedCursor
from angidi.products.search.statements import ARE_SAMPLED
from tests.plans.cases import Case
from tests.support.api import Api, api_over
from tests.support.isolation import OneConnection

SETTLED = 7
"""Runs after which the server has decided: five with a plan for the values, then the cheaper of that and a generic."""

_NAMES = re.compile(r"%\((\w+)\)s")


class Statement(NamedTuple):
    """A statement with its parameters; `is_planned_anew` is whether each run of it is planned for its values."""

    text: str
    values: Mapping[str, object]
    is_planned_anew: bool = False


class Plan(NamedTuple):
    """What a plan does: the indexes it reads, the tables it scans, whether it sorts, and how many pages it touches."""

    indexes: tuple[str, ...]
    scans: tuple[str, ...]
    sorts: bool
    buffers: int


class Answer(NamedTuple):
    """What a request came to: its status, its statements, and their plans."""

    status: int
    statements: list[str]
    plans: list[Plan]

    @property
    def indexes(self) -> tuple[str, ...]:
        """Each index that is read, in the order of the first reading."""
        return tuple(dict.fromkeys(index for plan in self.plans for index in plan.indexes))

    @property
    def scans(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(table for plan in self.plans for table in plan.scans))

    @property
    def sorts(self) -> bool:
        return any(plan.sorts for plan in self.plans)

    @property
    def buffers(self) -> int:
        return sum(plan.buffers for plan in self.plans)


def recording(statements: list[Statement]) -> type[InstrumentedCursor[Any]]:
    """Return a kind of cursor that appends what it executes to `statements`."""

    class Recording(InstrumentedCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
            if (
                not str(query).startswith("EXPLAIN") and query != ARE_SAMPLED
            ):  # what the planner expects touches few pages
                statements.append(Statement(query, params or {}, kwargs.get("prepare") is False))
            return await super().execute(query, params, **kwargs)

    return Recording


def answers(url: str, home: Path, cases: Iterable[Case], places: Mapping[str, object]) -> dict[Case, Answer]:
    """Return what each case comes to on the database at `url`, which stays as it is."""
    recorded = asyncio.run(_recorded(url, home, cases, places))
    with psycopg.connect(url, autocommit=True, options=CONNECTION["options"]) as conn:
        conn.execute("SET statement_timeout = 0")
        return {
            case: Answer(status, [s.text for s in statements], [explained(conn, s) for s in statements])
            for case, (status, statements) in recorded.items()
        }


async def _recorded(
    url: str, home: Path, cases: Iterable[Case], places: Mapping[str, object]
) -> dict[Case, tuple[int, list[Statement]]]:
    """Answer the requests by the whole application, each in a transaction that is rolled back."""
    statements: list[Statement] = []
    settings_of_connection: dict[str, Any] = CONNECTION | {"cursor_factory": recording(statements)}
    settings = Settings(angidi_env="test", angidi_home=home, api_rate_limit=0)
    found: dict[Case, tuple[int, list[Statement]]] = {}
    async with (
        await AsyncConnection.connect(url, **settings_of_connection) as conn,
        api_over(settings, Database(OneConnection(conn))) as api,
    ):
        for case in cases:
            async with conn.transaction(force_rollback=True):
                found[case] = await _asked(api, case, places, statements)
    return found


async def _asked(
    api: Api, case: Case, places: Mapping[str, object], statements: list[Statement]
) -> tuple[int, list[Statement]]:
    headers = {"Prefer": "handling=strict", **(await api.admin_headers() if case.admin else {})}
    method, path = case.request.format(**places).split(" ", 1)
    if case.after:
        joint = "&" if "?" in path else "?"
        before = await api.get(f"{path}{joint}page={case.after}", headers=headers)
        path += f"{joint}cursor={before.json()['data']['next_cursor']}"
    statements.clear()
    answer = await api.request(method, path, headers=headers, content=case.body.format(**places) or None)
    return answer.status_code, [*statements]


def explained(conn: psycopg.Connection, statement: Statement) -> Plan:
    """Return the plan that the server has settled on, run with the statement's values and rolled back."""
    names = dict.fromkeys(_NAMES.findall(statement.text))
    values = [sql.Literal(statement.values[name]) for name in names]
    arguments = sql.SQL("({})").format(sql.SQL(", ").join(values)) if values else sql.SQL("")
    query = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE settled {}").format(arguments)
    conn.execute(f"SET plan_cache_mode = {'force_custom_plan' if statement.is_planned_anew else 'auto'}".encode())
    conn.execute(f"PREPARE settled AS {numbered(statement.text)}".encode())
    try:
        for _ in range(SETTLED - 1):
            with conn.transaction(force_rollback=True):
                conn.execute(query)
        with conn.transaction(force_rollback=True):
            (found,) = conn.execute(query).fetchone() or ({},)
    finally:
        conn.execute("DEALLOCATE settled")
    return _plan(found[0]["Plan"])


def _plan(top: dict[str, Any]) -> Plan:
    nodes = list(_nodes(top))
    return Plan(
        indexes=tuple(node["Index Name"] for node in nodes if "Index Name" in node),
        scans=tuple(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
        sorts=any(node["Node Type"] in {"Sort", "Incremental Sort"} for node in nodes),
        buffers=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def problems(case: Case, answer: Answer) -> list[str]:
    """Return what an answer has that its case does not allow, as lines."""
    pairs = [
        ("status", answer.status, (case.status,)),
        ("indexes", answer.indexes, (case.indexes, case.large or case.indexes)),
        ("scans", answer.scans, (case.scans, ())),
        ("sorts", answer.sorts, (case.sorts, False)),
    ]
    found = [f"{case.name}: {what} {is_} instead of {right[0]}" for what, is_, right in pairs if is_ not in right]
    if answer.buffers > case.buffers:
        found.append(f"{case.name}: touches {answer.buffers} pages, of at most {case.buffers}")
    return found
