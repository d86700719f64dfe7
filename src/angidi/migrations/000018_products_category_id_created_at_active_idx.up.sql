-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY products_category_id_created_at_active_idx
    ON products (category_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
