-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY users_admin_active_idx
    ON users (id) WHERE role = 'admin' AND deleted_at IS NULL;
