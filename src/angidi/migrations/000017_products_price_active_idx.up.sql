-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY products_price_active_idx
    ON products (price, id) WHERE deleted_at IS NULL;
