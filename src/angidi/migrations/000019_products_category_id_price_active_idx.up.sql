-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY products_category_id_price_active_idx
    ON products (category_id, price, id) WHERE deleted_at IS NULL;
