-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY product_search_document_idx
    ON product_search USING gin (document gin_trgm_ops);
