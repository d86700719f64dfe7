-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY products_category_id_price_active_idx
    ON products (category_id, price, id) WHERE deleted_at IS NULL;
