-- Lists are planned by statistics, which a table that was filled or rewritten, and an index on an expression, do not have yet.
-- A table without rows is left out: of one that it knows to be empty the planner expects that it stays so.
DO $$
DECLARE
    filled text;
BEGIN
    FOREACH filled IN ARRAY ARRAY['users', 'categories', 'products', 'product_search', 'category_closure', 'list_counts'] LOOP
        IF pg_relation_size(filled::regclass) > 0 THEN
            EXECUTE format('ANALYZE %I', filled);
        END IF;
    END LOOP;
END
$$;
