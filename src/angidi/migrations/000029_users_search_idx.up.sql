-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY users_search_idx
    ON users USING gin (searchable(email || E'\x01' || name) gin_trgm_ops);
