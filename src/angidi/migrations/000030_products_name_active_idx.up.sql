-- CONCURRENTLY, so in a file of its own: the build blocks nobody. With the name included, a page far from the first
-- is found in the index alone: an expression is read from an index only where its columns are there, too.
CREATE INDEX CONCURRENTLY products_name_active_idx
    ON products (folded(name), id) INCLUDE (name) WHERE deleted_at IS NULL;
