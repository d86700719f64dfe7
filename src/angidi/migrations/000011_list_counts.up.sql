-- Exact totals of the lists at any size: count(*) over a million rows takes 100 ms, a sum over these a fraction of one.
--
-- Each statement appends what it changed instead of updating a number, so writers never wait for each other at a
-- counter. Now and then one of them folds what has gathered, skipping what another is folding: a fold deletes rows and
-- inserts their sum in one transaction, so whoever sums sees either the one or the other, and always the truth of the
-- snapshot.
--
-- INSERT, DELETE and TRUNCATE are counted by the statement. UPDATE is counted by the row, and only where the WHEN finds
-- that it matters: a transition table would be filled by every sale.
CREATE TABLE list_counts (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    list        text NOT NULL,
    category_id uuid,
    rows        bigint NOT NULL,
    CONSTRAINT list_counts_pkey PRIMARY KEY (id),
    CONSTRAINT list_known CHECK (list IN ('products', 'users'))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX list_counts_list_category_id_idx ON list_counts (list, category_id);

INSERT INTO list_counts (list, category_id, rows)
SELECT 'products', category_id, count(*)
  FROM products
 WHERE deleted_at IS NULL
 GROUP BY GROUPING SETS ((), (category_id))
HAVING count(*) > 0;

INSERT INTO list_counts (list, rows)
SELECT 'users', count(*)
  FROM users
 WHERE deleted_at IS NULL
HAVING count(*) > 0;

CREATE FUNCTION fold_list_counts(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE sql
BEGIN ATOMIC
    WITH folded AS (
        DELETE FROM list_counts
         WHERE id IN (SELECT gathered.id
                        FROM list_counts AS gathered
                       WHERE gathered.list = of_list
                         AND (gathered.category_id IS NULL OR gathered.category_id = ANY (of_categories))
                         FOR UPDATE SKIP LOCKED)
        RETURNING list_counts.category_id, list_counts.rows
    )
    INSERT INTO list_counts (list, category_id, rows)
    SELECT of_list, folded.category_id, sum(folded.rows)
      FROM folded
     GROUP BY folded.category_id
    HAVING sum(folded.rows) <> 0;
END;

-- One statement in 32 folds, by chance: a turn by number would find one writer's rows on even numbers only. A transaction
-- folds once, since what it folds it must pass again each time; and only where it reads what others have committed, for
-- under a snapshot of its own a row that another fold took would fail it.
CREATE FUNCTION fold_now_and_then(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF random() < 1 / 32.0
       AND coalesce(current_setting('angidi.has_folded', true), '') = ''
       AND current_setting('transaction_isolation') = 'read committed'
    THEN
        PERFORM set_config('angidi.has_folded', 'yes', true);
        PERFORM fold_list_counts(of_list, of_categories);
    END IF;
END
$$;

CREATE FUNCTION count_products() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', category_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING count(*) > 0;
    PERFORM fold_now_and_then('products', ARRAY(SELECT DISTINCT category_id FROM counted));
    RETURN NULL;
END
$$;

CREATE FUNCTION count_moved_product() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', category_id, sum(rows)
      FROM (VALUES (OLD.category_id, -(OLD.deleted_at IS NULL)::integer),
                   (NEW.category_id, (NEW.deleted_at IS NULL)::integer)) AS moved (category_id, rows)
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING sum(rows) <> 0;
    PERFORM fold_now_and_then('products', ARRAY[OLD.category_id, NEW.category_id]);
    RETURN NULL;
END
$$;

CREATE FUNCTION count_users() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO list_counts (list, rows)
    SELECT 'users', CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
    HAVING count(*) > 0;
    PERFORM fold_now_and_then('users', '{}');
    RETURN NULL;
END
$$;

CREATE FUNCTION count_moved_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO list_counts (list, rows)
    VALUES ('users', CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END);
    PERFORM fold_now_and_then('users', '{}');
    RETURN NULL;
END
$$;

CREATE FUNCTION forget_list_counts() RETURNS trigger
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
    FOR EACH STATEMENT EXECUTE FUNCTION forget_list_counts();

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
    FOR EACH STATEMENT EXECUTE FUNCTION forget_list_counts();

COMMENT ON TABLE list_counts IS
    'How long the lists are: the sum of rows, by list and category, is the number of living rows. Kept by triggers as '
    'changes that are folded now and then; `angidi doctor` verifies and rebuilds it.';
COMMENT ON COLUMN list_counts.id IS
    'The identity of a change or a sum.';
COMMENT ON COLUMN list_counts.list IS
    'Which list is counted.';
COMMENT ON COLUMN list_counts.category_id IS
    'Whose products are counted; NULL for the whole list.';
COMMENT ON COLUMN list_counts.rows IS
    'How many rows came, or went where it is negative.';
COMMENT ON CONSTRAINT list_counts_pkey ON list_counts IS
    'What a fold locks and deletes by.';
COMMENT ON CONSTRAINT list_known ON list_counts IS
    'The lists that are counted.';
COMMENT ON INDEX list_counts_list_category_id_idx IS
    'The total of a list, whole or by category.';
COMMENT ON FUNCTION fold_list_counts(text, uuid[]) IS
    'Replaces the changes gathered for the whole list and these categories by their sums.';
COMMENT ON FUNCTION fold_now_and_then(text, uuid[]) IS
    'Folds by chance, once in a transaction.';
COMMENT ON FUNCTION count_products() IS
    'Counts the products that a statement inserted or deleted.';
COMMENT ON FUNCTION count_moved_product() IS
    'Counts a product that changed its category, was deleted softly, or restored.';
COMMENT ON FUNCTION count_users() IS
    'Counts the users that a statement inserted or deleted.';
COMMENT ON FUNCTION count_moved_user() IS
    'Counts a user that was deleted softly or restored.';
COMMENT ON FUNCTION forget_list_counts() IS
    'A truncated table has nothing to count.';
