-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY users_created_at_deleted_idx
    ON users (created_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
