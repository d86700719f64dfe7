-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY product_search_document_idx
    ON product_search USING gin (document gin_trgm_ops);
