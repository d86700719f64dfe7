-- Lists are planned by statistics. A filled or rewritten table, and an index on an expression, have none yet. Skips empty
-- tables: the planner would expect an analyzed empty table to stay empty.
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
