-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE UNIQUE INDEX CONCURRENTLY users_email_active_key
    ON users (lower(email)) WHERE deleted_at IS NULL;
