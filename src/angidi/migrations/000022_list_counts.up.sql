-- Exact totals of the lists at any size: count(*) over a million rows takes 100 ms, a sum over these a fraction of one.
--
-- A total is the sum of a few rows. A writer adds what it changed to one of them that no other writer holds (SKIP
-- LOCKED) and inserts another where all are held, so nobody waits at a counter. There are as many rows of a total as
-- there were writers at once, also after a load.
CREATE TABLE list_counts (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    list        text NOT NULL,
    category_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    rows        bigint NOT NULL,
    CONSTRAINT list_counts_pkey PRIMARY KEY (list, category_id, id),
    CONSTRAINT list_known CHECK (list IN ('products', 'users'))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- One plan for all arrays: planning for each takes four times as long as running it.
CREATE OR REPLACE FUNCTION add_to_list_counts(of_list text, of_categories uuid[], changes bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    WITH change AS MATERIALIZED (
        SELECT category_id, sum(rows)::bigint AS rows
          FROM unnest(of_categories, changes) AS each (category_id, rows)
         GROUP BY category_id
        HAVING sum(rows) <> 0
    ), free AS MATERIALIZED (
        SELECT change.category_id, change.rows, counted.id
          FROM change
         CROSS JOIN LATERAL (SELECT list_counts.id
                               FROM list_counts
                              WHERE list_counts.list = of_list AND list_counts.category_id = change.category_id
                              LIMIT 1
                                FOR NO KEY UPDATE SKIP LOCKED) AS counted
         -- Under a snapshot of its own a transaction could not change a row that another has changed since.
         WHERE current_setting('transaction_isolation') = 'read committed'
    ), added AS (
        UPDATE list_counts
           SET rows = list_counts.rows + free.rows
          FROM free
         WHERE list_counts.list = of_list
           AND list_counts.category_id = free.category_id
           AND list_counts.id = free.id
    )
    INSERT INTO list_counts (list, category_id, rows)
    SELECT of_list, category_id, rows
      FROM change
     WHERE NOT EXISTS (SELECT FROM free WHERE free.category_id = change.category_id);
END
$$;

-- Each changed row counts twice: for its category, and for the whole list, whose category_id is the nil UUID.
CREATE OR REPLACE FUNCTION count_products() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM add_to_list_counts('products', array_agg(coalesce(category_id, '00000000-0000-0000-0000-000000000000')),
                               array_agg(rows))
       FROM (SELECT category_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS rows
               FROM counted
              WHERE deleted_at IS NULL
              GROUP BY GROUPING SETS ((), (category_id))) AS change;
    RETURN NULL;
END
$$;

-- By the row, and only where the WHEN of its trigger finds that it matters: a transition table would be filled by every
-- sale.
CREATE OR REPLACE FUNCTION count_moved_product() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    before bigint := -(OLD.deleted_at IS NULL)::integer;
    after  bigint := (NEW.deleted_at IS NULL)::integer;
BEGIN
    PERFORM add_to_list_counts('products',
                               ARRAY[OLD.category_id, NEW.category_id, '00000000-0000-0000-0000-000000000000'],
                               ARRAY[before, after, before + after]);
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_users() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM add_to_list_counts('users', ARRAY['00000000-0000-0000-0000-000000000000'::uuid], ARRAY[rows])
       FROM (SELECT CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS rows
               FROM counted
              WHERE deleted_at IS NULL) AS change;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_moved_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM add_to_list_counts('users', ARRAY['00000000-0000-0000-0000-000000000000'::uuid],
                               ARRAY[CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END]);
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION clear_list_counts() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM list_counts WHERE list = TG_TABLE_NAME;
    RETURN NULL;
END
$$;

CREATE TRIGGER products_inserted_count
    AFTER INSERT ON products
    REFERENCING NEW TABLE AS counted
    FOR EACH STATEMENT EXECUTE FUNCTION count_products();
CREATE TRIGGER products_deleted_count
    AFTER DELETE ON products
    REFERENCING OLD TABLE AS counted
    FOR EACH STATEMENT EXECUTE FUNCTION count_products();
CREATE TRIGGER products_moved_count
    AFTER UPDATE ON products
    FOR EACH ROW
    WHEN ((OLD.category_id, OLD.deleted_at IS NULL) IS DISTINCT FROM (NEW.category_id, NEW.deleted_at IS NULL))
    EXECUTE FUNCTION count_moved_product();
CREATE TRIGGER products_truncated_count
    AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION clear_list_counts();

CREATE TRIGGER users_inserted_count
    AFTER INSERT ON users
    REFERENCING NEW TABLE AS counted
    FOR EACH STATEMENT EXECUTE FUNCTION count_users();
CREATE TRIGGER users_deleted_count
    AFTER DELETE ON users
    REFERENCING OLD TABLE AS counted
    FOR EACH STATEMENT EXECUTE FUNCTION count_users();
CREATE TRIGGER users_moved_count
    AFTER UPDATE ON users
    FOR EACH ROW
    WHEN ((OLD.deleted_at IS NULL) IS DISTINCT FROM (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION count_moved_user();
CREATE TRIGGER users_truncated_count
    AFTER TRUNCATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION clear_list_counts();

-- The triggers' lock (SHARE ROW EXCLUSIVE) keeps writers out until here, so nothing is counted twice or not at all.
INSERT INTO list_counts (list, category_id, rows)
SELECT 'products', coalesce(category_id, '00000000-0000-0000-0000-000000000000'), count(*)
  FROM products
 WHERE deleted_at IS NULL
 GROUP BY GROUPING SETS ((), (category_id))
HAVING count(*) > 0;

INSERT INTO list_counts (list, rows)
SELECT 'users', count(*)
  FROM users
 WHERE deleted_at IS NULL
HAVING count(*) > 0;

COMMENT ON TABLE list_counts IS
    'How long the lists are: the sum of rows, by list and category, is the number of active rows. Kept by triggers; '
    '`angidi doctor` verifies and rebuilds it.';
COMMENT ON COLUMN list_counts.id IS
    'Tells the rows of one total apart.';
COMMENT ON COLUMN list_counts.list IS
    'Which list is counted.';
COMMENT ON COLUMN list_counts.category_id IS
    'Whose products are counted; the nil UUID stands for the whole list.';
COMMENT ON COLUMN list_counts.rows IS
    'A part of the total; only the sum means something.';
COMMENT ON CONSTRAINT list_counts_pkey ON list_counts IS
    'The total of a list, whole or by category.';
COMMENT ON CONSTRAINT list_known ON list_counts IS
    'The lists that are counted.';
COMMENT ON FUNCTION add_to_list_counts(text, uuid[], bigint[]) IS
    'Adds to the totals of a list, by category, without waiting for other writers.';
COMMENT ON FUNCTION count_products() IS
    'Counts the products that a statement inserted or deleted.';
COMMENT ON FUNCTION count_moved_product() IS
    'Counts a product that changed its category, was deleted softly, or restored.';
COMMENT ON FUNCTION count_users() IS
    'Counts the users that a statement inserted or deleted.';
COMMENT ON FUNCTION count_moved_user() IS
    'Counts a user that was deleted softly or restored.';
COMMENT ON FUNCTION clear_list_counts() IS
    'A truncated table has nothing to count.';
