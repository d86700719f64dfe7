from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from angidi.migrate.sql.lexer import plain_words, skim, tokens
from angidi.migrate.sql.statements import split
from tests.support.server import Databases


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split(sql)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ';'",
        "SELECT 'it''s; fine'",
        r"SELECT '\'",
        r"SELECT E'\';'",
        "SELECT E'a'\n  '\\';'",
        "SELECT E'a' -- why\n '\\';'",
        'SELECT 1 AS "a;""b"',
        "SELECT $$;$$",
        "SELECT $a$ $b$ ; $b$ $$ ; $a$",
        "SELECT 1 AS x$y, $$;$$",
        "SELECT 1 /* ; /* ; */ ; */ + 1",
        "SELECT 1 +-- ;\n 1",
        "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; DELETE FROM v)",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END",
        "CREATE FUNCTION f(x int = CASE WHEN true THEN 1 END) RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql",
    ],
)
def test_a_semicolon_inside_does_not_end_a_statement(statement: str):
    assert texts(f"{statement};SELECT 2") == [statement, "SELECT 2"]


def test_empty_statements_and_comments_between_are_left_out():
    assert texts(" ; -- a;\n /* b; */ SELECT 1 -- c\n ; ; SELECT 2 ; -- end") == ["SELECT 1", "SELECT 2"]


def test_begin_ends_a_statement_outside_of_a_routine():
    assert texts("BEGIN; SELECT 1; END; SELECT 2") == ["BEGIN", "SELECT 1", "END", "SELECT 2"]


def test_words_inside_strings_and_names_do_not_count():
    [statement] = split("""SELECT 'VACUUM' AS "commit", $$begin$$ FROM t -- end""")
    assert statement.words == ("SELECT", "AS", "FROM", "T")


NASTY = [
    ";", "'", "''", '"', '""', "$$", "$a$", "$é$", "E'", "e'", "U&'", "B'", "N'", "\\", "\\'", "--",
    "\n", "\r", " ",
    "/*", "*/", "*", "/", "-", "(", ")", "a", "x$y", "1", "1e", "é", "\ufeff", "\xa0", "\f", "\t", "%",
    "$1",
    "SELECT ", "SELECT 1", "SELECT 'a' AS b", "CASE WHEN true THEN 1 END", "AS ", ",",
    "begin atomic ", "end",
    "create function pg_temp.f() returns int ", "language sql ", "return 1", "BEGIN ATOMIC SELECT 1; END",
]  # fmt: skip


@given(st.lists(st.sampled_from(NASTY)).map("".join))
def test_the_tokens_cover_every_character(sql: str):
    ends = [(token.start, token.end) for token in tokens(sql)]
    assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]
    assert (ends[0][0], ends[-1][1]) == (0, len(sql)) if sql else not ends


@st.composite
def literals(draw: st.DrawFn) -> str:
    """A literal of one of the kinds, with anything inside that its kind allows."""
    inside = draw(st.lists(st.sampled_from(NASTY), max_size=6).map("".join))
    tag = draw(st.sampled_from(["", "a", "é", "a1", "_"]))
    kind = draw(st.sampled_from(["plain", "escape", "dollar", "national", "unicode", "continued"]))
    quoted = inside.replace("'", "''")
    escaped = quoted.replace("\\", "\\\\").replace("''", draw(st.sampled_from(["''", "\\'"])))
    safe = quoted.replace("\\", "")
    return {
        "plain": f"'{quoted}'",
        "escape": f"E'{escaped}'",
        "dollar": f"${tag}${inside.replace('$', '')}${tag}$",
        "national": f"N'{quoted}'",
        "unicode": f"U&'{safe}'",
        "continued": f"E'{escaped}' -- ;'\n \t'{escaped}'",
    }[kind]


GAPS = st.sampled_from([" ", "\n", "\t", "/* ; */", "/* ' /* ; */ $$ */", "-- ; '\n", "--\r", "\f "])


@st.composite
def selects(draw: st.DrawFn) -> str:
    name = draw(st.lists(st.sampled_from(NASTY), min_size=1, max_size=4).map("".join)).replace('"', '""')
    gap = [draw(GAPS) for _ in range(4)]
    return f'SELECT{gap[0]}{draw(literals())}{gap[1]}AS{gap[2]}"a{name}"{gap[3]}'


@st.composite
def routines(draw: st.DrawFn) -> str:
    body = draw(st.lists(selects(), max_size=2))
    case = draw(st.sampled_from(["1", "CASE WHEN true THEN 1 ELSE 2 END", "(SELECT CASE 1 WHEN 1 THEN 1 END)"]))
    inner = "".join(f"{each};" for each in body)
    head = f"CREATE OR REPLACE FUNCTION pg_temp.f{draw(st.integers(0, 10**9))}() RETURNS int"
    if draw(st.booleans()):
        return f"{head} BEGIN ATOMIC {inner} SELECT {case}; END"
    return f"{head} LANGUAGE sql AS $b${inner} SELECT {case};$b$"


FILES = st.lists(
    st.tuples(st.one_of(selects(), routines(), st.just("")), GAPS).map("".join), min_size=1, max_size=5
).map(";".join)
SOUP = st.lists(st.sampled_from(NASTY), min_size=1, max_size=12).map("".join)


@pytest.fixture(scope="module")
def connection(databases: Databases) -> Iterator[psycopg.Connection[Any]]:
    with databases.database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = error")
        yield connection


def outcome(connection: psycopg.Connection[Any], parts: list[str]) -> list[Any] | None:
    """Run the parts one after another in a transaction that is rolled back; None where one of them fails."""
    results: list[Any] = []
    connection.execute("BEGIN")
    try:
        for part in parts:
            cursor = connection.execute(part.encode())
            results.append((cursor.statusmessage, cursor.fetchall() if cursor.description else None))
            while cursor.nextset():
                results.append((cursor.statusmessage, cursor.fetchall() if cursor.description else None))
    except psycopg.Error:
        return None
    finally:
        connection.execute("ROLLBACK")
    return [result for result in results if result[0]]


def check(connection: psycopg.Connection[Any], sql: str) -> list[Any] | None:
    whole, parts = outcome(connection, [sql]), texts(sql)
    assert outcome(connection, parts) == whole
    assert whole is None or len(whole) == len(parts)
    return whole


@given(sql=FILES)
def test_running_the_statements_one_by_one_equals_running_the_file(sql: str, connection: psycopg.Connection[Any]):
    assert check(connection, sql) is not None


@given(sql=SOUP)
@example(sql="SELECT 1e';'")
@example(sql="SELECT $1$a$;$a$")
def test_any_text_at_all_is_cut_where_the_server_cuts_it(sql: str, connection: psycopg.Connection[Any]):
    check(connection, sql)


@given(sql=SOUP)
@example(sql="VALUES (1, 'a''b;', -2), ('x', \"y\"), (NULL, a$b, 1e5), (1 -- (\n), (E'\\'')")
def test_what_is_skimmed_over_has_no_semicolon_and_balanced_parentheses(sql: str):
    fine, coarse = list(tokens(sql)), list(skim(sql))
    assert "".join(sql[each.start : each.end] for each in coarse) == sql
    for plain in (each for each in coarse if each.kind == "plain"):
        inside = [each for each in fine if plain.start <= each.start and each.end <= plain.end]
        assert {each.kind for each in inside} <= {"space", "number", "string", "quoted", "symbol", "word"}
        symbols = [sql[each.start : each.end] for each in inside if each.kind == "symbol"]
        assert ";" not in symbols
        assert symbols.count("(") == symbols.count(")")
        words = [sql[each.start : each.end] for each in inside if each.kind == "word"]
        assert plain_words(sql[plain.start : plain.end]) == words
