-- Adds the rows of the products that version 25 found, a thousand in each transaction, so that no writer waits for long.
-- A product that is changed meanwhile has its row from the trigger, which stays. FOR KEY SHARE passes over a product that
-- is removed meanwhile, and lets others change it.
-- migrate:no-transaction
DO $$
DECLARE
    done  uuid;
    batch uuid[];
BEGIN
    LOOP
        batch := ARRAY(SELECT id FROM products WHERE done IS NULL OR id > done ORDER BY id LIMIT 1000);
        EXIT WHEN batch = '{}';
        INSERT INTO product_search (product_id, document, words)
        SELECT id, search_document(name, description), product_words(name, description, sku)
          FROM products
         WHERE id = ANY (batch)
           AND NOT EXISTS (SELECT FROM product_search WHERE product_id = id)
           FOR KEY SHARE
        ON CONFLICT (product_id) DO NOTHING;
        done := batch[cardinality(batch)];
        COMMIT;
    END LOOP;
END
$$;
