-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY products_category_id_created_at_active_idx
    ON products (category_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
