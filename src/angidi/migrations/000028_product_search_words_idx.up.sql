-- CONCURRENTLY, and so alone in its file: nobody waits while it is built.
CREATE INDEX CONCURRENTLY product_search_words_idx
    ON product_search USING gin (words);
