-- Renews what version 35 changed the functions of, and version 38 has not renewed yet: search data of texts with format
-- characters, which names and descriptions keep, and of texts that stay as they are. A thousand products per transaction;
-- a row that is right already is not written. FOR SHARE waits for whoever changes the product, and reads the new text.
-- migrate:no-transaction
DO $$
DECLARE
    start uuid := '00000000-0000-0000-0000-000000000000';
    batch uuid[];
BEGIN
    LOOP
        batch := ARRAY(SELECT id FROM products WHERE id >= start ORDER BY id LIMIT 1000);
        BEGIN
            WITH product AS MATERIALIZED (
                SELECT id, name, description, sku
                  FROM products
                 CROSS JOIN LATERAL concat_ws(' ', name, description, sku) AS body
                 WHERE id = ANY (batch)
                   AND (sku <> sku_form(sku)
                        OR (octet_length(body) <> length(body)
                            AND (body IS NOT NFC NORMALIZED OR body ~ '[\u00ad\u200b-\u200d\u2060\ufeff]')))
                   AND EXISTS (SELECT
                                 FROM product_search
                                WHERE product_id = id
                                  AND (document <> search_document(name, description)
                                       OR words <> product_words(name, description, sku)))
                 ORDER BY id
                   FOR SHARE OF products
            )
            UPDATE product_search
               SET document = search_document(name, description), words = product_words(name, description, sku)
              FROM product
             WHERE product_id = id;
        EXCEPTION WHEN deadlock_detected THEN
            CONTINUE;
        END;
        COMMIT;
        EXIT WHEN cardinality(batch) < 1000;
        start := batch[1000];
    END LOOP;

    -- Entries of users_search_idx, of which searchable() is part, for names that version 37 left. Only a change of a column
    -- that has an index writes the row's entries anew, so the time goes there and back.
    batch := ARRAY(SELECT id
                     FROM users
                    CROSS JOIN LATERAL concat(email, E'\x01', name) AS body
                    WHERE lower(translate(body, U&'\00AD\200B\2060\FEFF', '')) <> searchable(body)
                    ORDER BY id);
    UPDATE users SET created_at = created_at - interval '1 microsecond' WHERE id = ANY (batch);
    UPDATE users SET created_at = created_at + interval '1 microsecond' WHERE id = ANY (batch);
END
$$;
