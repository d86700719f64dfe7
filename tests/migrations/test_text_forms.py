"""Forms of texts: what the database stores and finds, and what versions 35 to 39 do to stored texts."""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import CheckViolation, RaiseException
from tests.products.texts import TEXTS
from tests.support.locks import until_waiting

from angidi.users.models import EMAIL_PATTERN
from angidi.validation import texts

Migrate = Callable[[int, int], None]
Ask = Callable[..., Any]

BEFORE, AFTER = 34, 39
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
TEXT = TEXTS | ANY_TEXT
ROOT = "11111111-1111-4111-8111-111111111111"

FORMS = "SELECT text_form(%(text)s), name_form(%(text)s), sku_form(%(text)s)"
STALE = """
SELECT count(*)
  FROM products
  JOIN product_search ON product_id = id
 WHERE (document, words) IS DISTINCT FROM (search_document(name, description), product_words(name, description, sku))
"""

PLAIN = "SELECT s.xmin::text FROM product_search AS s JOIN products AS p ON p.id = product_id WHERE sku = 'P'"
"""Who wrote the search row of a product without anything to mend."""


@pytest.fixture(scope="module")
def ask(shared_db: str) -> Iterator[Ask]:
    """`ask(sql, parameters)`: the one row of the answer."""
    with psycopg.connect(shared_db, autocommit=True) as conn:

        def ask(sql: LiteralString, parameters: Sequence[object] | Mapping[str, object]) -> Any:
            return conn.execute(sql, parameters).fetchone()

        yield ask


def spellings(text: str) -> set[str]:
    """Return the text composed, decomposed, and with characters in it that nobody sees."""
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
    return forms | {hidden.join(text) for hidden in ("\u00ad", "\u200b", "\ufeff")}


@given(TEXT)
def test_forms_are_those_of_the_service(ask: Ask, text: str) -> None:
    assert ask(FORMS, {"text": text}) == tuple(form.of(text) for form in (texts.PLAIN, texts.NAME, texts.SKU))


@given(TEXT)
def test_a_form_of_a_form_is_the_same(ask: Ask, text: str) -> None:
    for function in ("text_form", "name_form", "sku_form"):
        again, once = ask(f"SELECT {function}(once), once FROM {function}(%s) AS once", [text])
        assert again == once


@given(TEXT)
def test_search_finds_any_text_however_it_is_spelt(ask: Ask, text: str) -> None:
    sql = "SELECT search_document('x' || %(text)s, '') LIKE search_pattern(%(term)s)"
    for term in spellings(text):
        assert ask(sql, {"text": f" {text} y", "term": term}) == (True,), ascii(term)
        assert ask(sql, {"text": term, "term": text}) == (True,), ascii(term)


@given(TEXT)
def test_q_finds_any_text_that_has_a_word_however_it_is_spelt(ask: Ask, text: str) -> None:
    sql = """
        SELECT product_words(%(text)s, '', NULL) @@ words_query(%(q)s, '', ':*')
               OR words_in(%(text)s) = '{}' AND words_in(%(q)s) = '{}'
    """
    for q in spellings(text):
        assert ask(sql, {"text": text, "q": q}) == (True,), ascii(q)
        assert ask(sql, {"text": q, "q": text}) == (True,), ascii(q)


@given(ANY_TEXT.filter(texts.SKU.of))
def test_q_finds_any_sku_however_it_is_spelt(ask: Ask, sku: str) -> None:
    sql = "SELECT product_words('Cup', '', %(sku)s) @@ words_query(%(q)s, '=', '')"
    for q in spellings(sku):
        assert ask(sql, {"sku": sku, "q": q}) == (True,), ascii(q)


@given(st.from_regex(re.compile(EMAIL_PATTERN), fullmatch=True) | st.text(st.sampled_from("a1@.-|_'é\n"), max_size=12))
def test_the_rules_for_addresses_agree_on_any_text(ask: Ask, email: str) -> None:
    assert ask("SELECT is_email(%s)", [email]) == (re.fullmatch(EMAIL_PATTERN, email) is not None,)


OLD_ROWS: tuple[LiteralString, ...] = (
    f"""
    INSERT INTO categories (id, name, description, parent_id)
    VALUES ('{ROOT}', U&'Ki\\00A0\\00A0tchen', U&' de\\0301co ', NULL),
           (gen_random_uuid(), U&'Cafe\\0301', NULL, NULL), (gen_random_uuid(), U&'Caf\\00E9', NULL, NULL),
           (gen_random_uuid(), U&'Cafe\\0301', NULL, '{ROOT}')
    """,
    """
    INSERT INTO users (email, password_hash, name)
    VALUES ('a@b..com', '', U&'Jose\\0301  Lo'), ('short@shop.example', '', U&'e\\0301'), ('c@shop.example', '', 'Ann')
    """,
    f"""
    INSERT INTO products (name, description, sku, price, category_id, deleted_at)
    SELECT name, description, sku, 1, '{ROOT}', CASE WHEN sku LIKE 'gone%' THEN now() END
      FROM (VALUES (U&'Go\\0308ffel', U&' Lo\\0308ffel ', 'N-1'), (U&'Soft\\00ADcover  book', '', U&'N\\200B-2'),
                   ('Other book', '', 'N-2'), ('Two of one', '', U&'A\\200B'), ('One of two', '', U&'A\\FEFF'),
                   (U&' e\\0301e', '', ' 7 '), ('Plain cup', 'as it is', 'P'), (U&'Non\\200Cjoiner', '', NULL),
                   ('Deleted', '', U&'gone\\00AD1'), ('Deleted', '', U&'gone\\200B1')) AS old (name, description, sku)
    """,
)


@pytest.fixture
def old(conn: psycopg.Connection, migrate: Migrate) -> psycopg.Connection:
    """Connection to a database of version 34 with texts in any form."""
    migrate(0, BEFORE)
    for sql in OLD_ROWS:
        conn.execute(sql)
    return conn


def column(conn: psycopg.Connection, sql: LiteralString) -> list[Any]:
    return [value for (value,) in conn.execute(sql)]


def test_stored_texts_are_brought_to_their_form_where_nothing_clashes(
    old: psycopg.Connection, migrate: Migrate
) -> None:
    migrate(BEFORE, AFTER)
    assert column(old, "SELECT name FROM categories WHERE parent_id IS NULL AND version > 1") == ["Ki tchen"]
    assert column(old, f"SELECT description FROM categories WHERE id = '{ROOT}'") == ["déco"]
    assert column(old, f"SELECT name FROM categories WHERE parent_id = '{ROOT}'") == ["Café"]
    assert set(column(old, "SELECT name FROM users")) == {"José Lo", "e\u0301", "Ann"}
    assert set(column(old, "SELECT name FROM products WHERE version > 1")) == {
        "Göffel", "Soft\u00adcover book", " e\u0301e", "Deleted"
    }  # fmt: skip
    assert column(old, 'SELECT sku FROM products WHERE sku IS NOT NULL ORDER BY sku COLLATE "C"') == [
        "7", "A\u200b", "A\ufeff", "N-1", "N-2", "N\u200b-2", "P", "gone1", "gone1"
    ]  # fmt: skip


def test_only_rows_that_change_are_written_and_they_say_so(old: psycopg.Connection, migrate: Migrate) -> None:
    before = dict(old.execute("SELECT id, xmin::text FROM products").fetchall())
    migrate(BEFORE, AFTER)
    rows = old.execute("SELECT id, xmin::text, version > 1, updated_at > created_at FROM products").fetchall()
    assert {(xmin != before[key], changed, later) for key, xmin, changed, later in rows} == {
        (True, True, True),
        (False, False, False),
    }


def test_search_data_is_right_after_it_also_of_what_stays(old: psycopg.Connection, migrate: Migrate) -> None:
    before = column(old, PLAIN)
    migrate(BEFORE, AFTER)
    assert column(old, STALE) == [0]
    assert column(old, PLAIN) == before
    old.execute("SET enable_seqscan = off")
    query = "SELECT email FROM users WHERE searchable(email || E'\\x01' || name) LIKE search_pattern('é') ORDER BY 1"
    assert column(old, query) == ["a@b..com", "short@shop.example"]


def found_by_index(conn: psycopg.Connection, term: str) -> list[str]:
    """Return the names of users that the index finds."""
    for other in ("seqscan", "indexscan", "indexonlyscan"):
        conn.execute(f"SET enable_{other} = off")
    sql = "SELECT name FROM users WHERE searchable(email || E'\\x01' || name) LIKE search_pattern(%s) ORDER BY 1"
    return [name for (name,) in conn.execute(sql, [term])]


ADD_USER = "INSERT INTO users (email, password_hash, name) VALUES (%s, '', %s)"


def test_a_user_is_found_whose_accent_stands_after_a_soft_hyphen(
    old: psycopg.Connection, empty_db: str, migrate: Migrate
) -> None:
    old.execute(ADD_USER, ["soft@shop.example", "Jo\u00ad\u0308rg"])
    migrate(BEFORE, AFTER)
    with psycopg.connect(empty_db, autocommit=True) as fresh:
        assert found_by_index(fresh, "jörg") == ["Jo\u00ad\u0308rg"]


@pytest.mark.usefixtures("old")
def test_sessions_from_before_write_the_index_as_it_is_read_now(empty_db: str, migrate: Migrate) -> None:
    with psycopg.connect(empty_db, autocommit=True) as session:
        session.execute(ADD_USER, ["before@shop.example", "Jorg"])
        migrate(BEFORE, AFTER)
        session.execute(ADD_USER, ["after@shop.example", "Jo\u0308rg"])
        assert found_by_index(session, "jörg") == ["Jo\u0308rg"]
    with psycopg.connect(empty_db, autocommit=True) as fresh:
        assert found_by_index(fresh, "jörg") == ["Jo\u0308rg"]


def test_skus_that_clash_only_since_it_runs_stay_too(old: psycopg.Connection, empty_db: str, migrate: Migrate) -> None:
    old.execute(
        "INSERT INTO products (name, price, category_id) SELECT 'Cup', 1, %s FROM generate_series(1, 1100)", [ROOT]
    )
    old.execute("UPDATE products SET id = '00000000-0000-4000-8000-000000000001' WHERE sku = 'N-1'")
    old.execute("SET statement_timeout = '30s'")
    migrate(BEFORE, AFTER - 2)
    add = "INSERT INTO products (id, name, price, category_id, sku) VALUES (%s, 'Late', 1, %s, %s)"
    late = {"ffffffff-ffff-4fff-8fff-fffffffffff0": "L\u200b", "ffffffff-ffff-4fff-8fff-fffffffffff1": "L\ufeff"}
    with psycopg.connect(empty_db) as rival, ThreadPoolExecutor(1) as thread:
        rival.execute("UPDATE products SET stock = 1 WHERE sku = 'N-1'")
        for product_id, sku in late.items():
            rival.execute(add, [product_id, ROOT, sku])
        done = thread.submit(migrate, AFTER - 2, AFTER)
        asyncio.run(until_waiting(empty_db))
        rival.commit()
        done.result()
    assert column(old, "SELECT sku FROM products WHERE name = 'Late' ORDER BY id") == [*late.values()]


def test_what_is_left_is_told_with_examples(old: psycopg.Connection, migrate: Migrate) -> None:
    told: list[str] = []
    old.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    migrate(BEFORE, AFTER)
    clash = "because another product would have the same"
    assert [re.sub(r"[0-9a-f-]{36}", "ID", text) for text in told if text] == [
        "categories brought to their form: names 2, descriptions 1",
        "category names that stay as they are, because a sibling would have the same: 1, such as “Cafe\u0301” (ID)",
        "users brought to their form: names 1",
        "user names that stay as they are, because they would be too short: 1, such as that of ID",
        "products brought to their form: names 2, descriptions 1, SKUs 3",
        "product names that stay as they are, because they would be too short: 1, such as “ e\u0301e” (ID)",
        f"SKUs that stay as they are, {clash}: 3, such as “A” (ID), “A” (ID), “N-2” (ID)",
    ]


def test_a_second_run_changes_nothing(old: psycopg.Connection, migrate: Migrate) -> None:
    migrate(BEFORE, AFTER)
    rows = "SELECT id, xmin::text FROM products UNION ALL SELECT id, xmin::text FROM categories"
    before = set(old.execute(rows).fetchall())
    migrate(AFTER, BEFORE)
    migrate(BEFORE, AFTER)
    assert set(old.execute(rows).fetchall()) == before


def test_a_user_whose_address_the_rule_refuses_may_stay_and_change(old: psycopg.Connection, migrate: Migrate) -> None:
    migrate(BEFORE, AFTER)
    old.execute("UPDATE users SET name = 'Ann', email = email, deleted_at = now()")
    for email in ("x@b..com", "A@b..com"):
        with pytest.raises(CheckViolation) as refusal:
            old.execute("UPDATE users SET email = %s WHERE email = 'a@b..com'", [email])
        assert (refusal.value.diag.table_name, refusal.value.diag.constraint_name) == ("users", "email_format")
    old.execute("UPDATE users SET email = 'o''brien@shop.example' WHERE email = 'a@b..com'")


def test_the_former_rule_does_not_come_back_over_an_address_that_it_refuses(
    old: psycopg.Connection, migrate: Migrate
) -> None:
    migrate(BEFORE, AFTER)
    old.execute("INSERT INTO users (email, password_hash, name) VALUES ('o''brien@shop.example', '', 'Ann')")
    migrate(AFTER, 36)
    with pytest.raises(RaiseException, match=r"the former rule refuses e-mail addresses: o'brien@shop\.example \(id"):
        migrate(36, 35)
