-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY products_category_id_idx
    ON products (category_id);
