-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE UNIQUE INDEX CONCURRENTLY products_sku_active_key
    ON products (sku) WHERE deleted_at IS NULL;
