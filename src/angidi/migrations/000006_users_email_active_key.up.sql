-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE UNIQUE INDEX CONCURRENTLY users_email_active_key
    ON users (lower(email)) WHERE deleted_at IS NULL;
