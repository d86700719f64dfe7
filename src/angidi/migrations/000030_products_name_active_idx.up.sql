-- CONCURRENTLY, and so alone in its file: nobody waits while it is built. With the name included, a page far from the first
-- is found in the index alone: an expression is read from an index only where its columns are there, too.
CREATE INDEX CONCURRENTLY products_name_active_idx
    ON products (folded(name), id) INCLUDE (name) WHERE deleted_at IS NULL;
