-- Exact totals of lists at any size: count(*) of a million rows takes 100 ms, a sum of these rows a fraction of 1 ms.
--
-- Each statement appends its change instead of updating a counter: writers do not wait for each other, and an append
-- takes a tenth of the time of a lookup, lock and update. Now and then a statement folds rows, that is, replaces them by
-- their sum, in the same transaction. Every snapshot sees either the rows or their sum, so the total is always right. A
-- statement that appends many rows always folds, so no bulk load leaves many rows.
--
-- Triggers for INSERT, DELETE and TRUNCATE fire per statement. Those for UPDATE fire per row, only if the WHEN condition
-- holds: a transition table would be filled by every sale.
CREATE TABLE list_counts (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    list        text NOT NULL,
    category_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    rows        bigint NOT NULL,
    CONSTRAINT list_counts_pkey PRIMARY KEY (list, category_id, id),
    CONSTRAINT list_known CHECK (list IN ('products', 'users'))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Replaces the rows of the whole list and of these categories (NULL: of all) by their sums. Skips rows that another
-- transaction has locked. A transaction folds given categories once only, because it would skip its own folded rows each
-- time. It folds at READ COMMITTED only: under an older snapshot, a row folded by another transaction would raise a
-- serialization failure.
CREATE OR REPLACE FUNCTION fold_list_counts(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF (of_categories IS NOT NULL AND coalesce(current_setting('angidi.has_folded', true), '') <> '')
       OR current_setting('transaction_isolation') <> 'read committed'
    THEN
        RETURN;
    END IF;
    PERFORM set_config('angidi.has_folded', 'yes', true);
    WITH gathered AS MATERIALIZED (
        SELECT list_counts.list, list_counts.category_id, list_counts.id
          FROM list_counts
         WHERE list_counts.list = of_list
           AND (of_categories IS NULL
                OR list_counts.category_id = ANY (of_categories || '00000000-0000-0000-0000-000000000000'::uuid))
           FOR UPDATE SKIP LOCKED
    ), folded AS (
        DELETE FROM list_counts
         USING gathered
         WHERE list_counts.list = gathered.list
           AND list_counts.category_id = gathered.category_id
           AND list_counts.id = gathered.id
        RETURNING list_counts.category_id, list_counts.rows
    )
    INSERT INTO list_counts (list, category_id, rows)
    SELECT of_list, folded.category_id, sum(folded.rows)
      FROM folded
     GROUP BY folded.category_id
    HAVING sum(folded.rows) <> 0;
END
$$;

-- One append in 32 folds, at random: by row number, a writer could always miss its turn. The nil UUID is the whole list.
CREATE OR REPLACE FUNCTION count_products() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    appended bigint;
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', coalesce(category_id, '00000000-0000-0000-0000-000000000000'),
           CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING count(*) > 0;
    GET DIAGNOSTICS appended = ROW_COUNT;
    IF random() < appended / 64.0 THEN
        PERFORM fold_list_counts('products', ARRAY(SELECT DISTINCT category_id FROM counted));
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_moved_product() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    moved bigint;
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', category_id, sum(rows)
      FROM (VALUES (OLD.category_id, -(OLD.deleted_at IS NULL)::integer),
                   (NEW.category_id, (NEW.deleted_at IS NULL)::integer),
                   ('00000000-0000-0000-0000-000000000000',
                    (NEW.deleted_at IS NULL)::integer - (OLD.deleted_at IS NULL)::integer)) AS moved (category_id, rows)
     GROUP BY category_id
    HAVING sum(rows) <> 0;
    IF random() < 1 / 32.0 THEN
        PERFORM fold_list_counts('products', ARRAY[OLD.category_id, NEW.category_id]);
    END IF;
    moved := 1 + coalesce(nullif(current_setting('angidi.moved', true), ''), '0')::bigint;
    PERFORM set_config('angidi.moved', moved::text, true);
    RETURN NULL;
END
$$;

-- Folds at the end of a statement that moved many products. Every change of price or stock calls this function, so it
-- does not set search_path, and qualifies names only if there is work.
CREATE OR REPLACE FUNCTION fold_moved_products() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF coalesce(nullif(current_setting('angidi.moved', true), ''), '0')::bigint >= 64 THEN
        PERFORM set_config('angidi.moved', '', true);
        EXECUTE format('SELECT %I.fold_list_counts(''products'', NULL)', TG_TABLE_SCHEMA);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_users() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO list_counts (list, rows)
    SELECT 'users', CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
    HAVING count(*) > 0;
    IF random() < 1 / 32.0 THEN
        PERFORM fold_list_counts('users', '{}');
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_moved_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO list_counts (list, rows)
    VALUES ('users', CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END);
    IF random() < 1 / 32.0 THEN
        PERFORM fold_list_counts('users', '{}');
    END IF;
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
CREATE TRIGGER products_updated_fold
    AFTER UPDATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION fold_moved_products();
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

-- CREATE TRIGGER has blocked writers (SHARE ROW EXCLUSIVE), so no row is counted twice or missed.
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
    'Totals of lists: the sum of rows by list and category is the number of active rows. Triggers append changes and fold '
    'them now and then; `angidi doctor` verifies and rebuilds it.';
COMMENT ON COLUMN list_counts.id IS
    'Identifies a row, for folding.';
COMMENT ON COLUMN list_counts.list IS
    'The counted list.';
COMMENT ON COLUMN list_counts.category_id IS
    'Category of the counted products; the nil UUID is the whole list.';
COMMENT ON COLUMN list_counts.rows IS
    'Number of rows added; negative if removed.';
COMMENT ON CONSTRAINT list_counts_pkey ON list_counts IS
    'Serves the total of a list, whole or by category.';
COMMENT ON CONSTRAINT list_known ON list_counts IS
    'The lists that are counted.';
COMMENT ON FUNCTION fold_list_counts(text, uuid[]) IS
    'Replaces the rows of the whole list and of these categories (NULL: of all) by their sums.';
COMMENT ON FUNCTION count_products() IS
    'Counts the products that a statement inserted or deleted.';
COMMENT ON FUNCTION count_moved_product() IS
    'Counts a product that changed its category, was deleted softly, or restored.';
COMMENT ON FUNCTION fold_moved_products() IS
    'Folds at the end of a statement that moved many products.';
COMMENT ON FUNCTION count_users() IS
    'Counts the users that a statement inserted or deleted.';
COMMENT ON FUNCTION count_moved_user() IS
    'Counts a user that was deleted softly or restored.';
COMMENT ON FUNCTION clear_list_counts() IS
    'A truncated table has nothing to count.';
