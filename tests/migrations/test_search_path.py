"""Functions find the schema's tables, whatever temporary ones a session has: who may only write rows may make those."""

import psycopg
import pytest
from psycopg.errors import ForeignKeyViolation

# A body that the server has parsed names nothing any more.
LOOKING_ELSEWHERE = r"""
SELECT oid::regprocedure::text
  FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND prosqlbody IS NULL
   AND NOT EXISTS (SELECT FROM pg_depend
                    WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
   AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting ~ '^search_path=.*\mpg_temp$')
   AND (proconfig IS NOT NULL OR prosrc ~* '\m(FROM|JOIN|INTO|UPDATE|TABLE)\M')
 ORDER BY 1
"""
ORDER = "00000000-0000-4000-8000-00000000000a"
PLACE = f"""
INSERT INTO users (id, email, password_hash, name) VALUES ('{ORDER}', 'ada@shop.example', 'hash', 'Ada');
INSERT INTO categories (id, name) VALUES ('{ORDER}', 'Cups');
INSERT INTO products (id, name, price, stock, category_id) VALUES ('{ORDER}', 'Cup', 7, 1, '{ORDER}');
SELECT place_order('{ORDER}', 'A-1', '{ORDER}', NULL, ARRAY['{ORDER}']::uuid[], ARRAY[1], NULL, '{{}}', '', NULL, 'EUR',
                   '{{"kind": "order", "order_id": "{ORDER}"}}', NULL, NULL);
"""
SHADOW = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE public.%1$I INCLUDING ALL)', found.relname);
    END LOOP;
END $$
"""
TRY = "SELECT wait > 0 FROM public.begin_login_attempt('account', 'origin', NULL, '{}')"


def test_every_function_looks_into_temporary_schemas_last(latest_conn: psycopg.Connection):
    assert latest_conn.execute(LOOKING_ELSEWHERE).fetchall() == []


def test_temporary_tables_neither_allow_a_state_nor_take_its_entry(latest_conn: psycopg.Connection):
    latest_conn.execute(PLACE.encode())
    latest_conn.execute(SHADOW)
    with pytest.raises(ForeignKeyViolation, match="order_history_transition_fkey"):
        latest_conn.execute("UPDATE public.orders SET status = 'returned'")
    latest_conn.execute("UPDATE public.orders SET status = 'confirmed'")
    assert latest_conn.execute("SELECT status FROM public.order_history ORDER BY version").fetchall() == [
        ("pending",),
        ("confirmed",),
    ]


def test_temporary_tables_take_no_failed_log_in(latest_conn: psycopg.Connection):
    assert [latest_conn.execute(TRY).fetchone() for _ in range(9)] == [(False,)] * 9
    latest_conn.execute(SHADOW)
    assert [latest_conn.execute(TRY).fetchone() for _ in range(2)] == [(False,), (True,)]
