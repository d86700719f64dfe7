-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY users_admin_active_idx
    ON users (id) WHERE role = 'admin' AND deleted_at IS NULL;
