-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY users_search_idx
    ON users USING gin (searchable(email || E'\x01' || name) gin_trgm_ops);
