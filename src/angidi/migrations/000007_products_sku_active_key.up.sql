-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE UNIQUE INDEX CONCURRENTLY products_sku_active_key
    ON products (sku) WHERE deleted_at IS NULL;
