-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY products_created_at_deleted_idx
    ON products (created_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
