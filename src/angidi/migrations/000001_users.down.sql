-- Rows are not thrown away by an undo: the table must have been emptied on purpose.
-- Dropping the table, which squawk warns of, is what this step is for.
-- squawk-ignore-file ban-drop-table
LOCK TABLE users IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    row_count bigint := (SELECT count(*) FROM users);
BEGIN
    IF row_count > 0 THEN
        RAISE EXCEPTION 'table users holds % row(s), which this step down would lose', row_count
            USING HINT = 'Save them with pg_dump, empty the table yourself, then step down again.';
    END IF;
END
$$;

DROP TABLE users;
