-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY users_created_at_active_idx
    ON users (created_at DESC, id DESC) WHERE deleted_at IS NULL;
