-- Adds the search rows of existing products, a thousand per transaction, so that writers wait briefly. The row of a
-- product that changes meanwhile comes from the trigger and is kept. FOR KEY SHARE skips a product that is removed
-- meanwhile, and allows changes of others. A batch that loses a deadlock is retried.
-- migrate:no-transaction
DO $$
DECLARE
    start uuid := '00000000-0000-0000-0000-000000000000';
    batch uuid[];
BEGIN
    LOOP
        batch := ARRAY(SELECT id FROM products WHERE id >= start ORDER BY id LIMIT 1000);
        BEGIN
            INSERT INTO product_search (product_id, document, words)
            SELECT id, search_document(name, description), product_words(name, description, sku)
              FROM products
             WHERE id = ANY (batch)
               AND NOT EXISTS (SELECT FROM product_search WHERE product_id = id)
             ORDER BY id
               FOR KEY SHARE
            ON CONFLICT (product_id) DO NOTHING;
        EXCEPTION WHEN deadlock_detected THEN
            CONTINUE;
        END;
        COMMIT;
        EXIT WHEN cardinality(batch) < 1000;
        start := batch[1000];
    END LOOP;
END
$$;
