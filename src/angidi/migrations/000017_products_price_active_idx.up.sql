-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY products_price_active_idx
    ON products (price, id) WHERE deleted_at IS NULL;
