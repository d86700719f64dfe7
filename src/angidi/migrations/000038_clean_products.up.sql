-- The same for names, descriptions and SKUs of products, a thousand per transaction. Of active products whose SKUs would
-- become one, none is changed. The triggers renew the search rows of what is changed.
-- migrate:no-transaction
DO $$
DECLARE
    start   uuid := '00000000-0000-0000-0000-000000000000';
    batch   uuid[];
    doubled text[];
    in_name bigint;
    in_body bigint;
    in_sku  bigint;
    names   bigint := 0;
    bodies  bigint := 0;
    skus    bigint := 0;
    kept    text[];
BEGIN
    LOOP
        IF doubled IS NULL THEN
            doubled := ARRAY(SELECT sku_form(sku)
                               FROM products
                              WHERE sku <> sku_form(sku) AND deleted_at IS NULL
                              GROUP BY sku_form(sku)
                             HAVING count(*) > 1);
        END IF;
        batch := ARRAY(SELECT id FROM products WHERE id >= start ORDER BY id LIMIT 1000);
        BEGIN
            UPDATE products
               SET name = name_form(name), updated_at = now()
             WHERE id = ANY (batch)
               AND name <> name_form(name)
               AND length(name_form(name)) BETWEEN 3 AND 255;
            GET DIAGNOSTICS in_name = ROW_COUNT;
            UPDATE products
               SET description = text_form(description), updated_at = now()
             WHERE id = ANY (batch)
               AND description <> text_form(description);
            GET DIAGNOSTICS in_body = ROW_COUNT;
            UPDATE products AS p
               SET sku = sku_form(sku), updated_at = now()
             WHERE id = ANY (batch)
               AND sku <> sku_form(sku)
               AND length(sku_form(sku)) <= 100
               AND (deleted_at IS NOT NULL
                    OR sku_form(sku) <> ALL (doubled)
                       AND NOT EXISTS (SELECT
                                         FROM products AS holder
                                        WHERE holder.sku = sku_form(p.sku) AND holder.deleted_at IS NULL));
            GET DIAGNOSTICS in_sku = ROW_COUNT;
        EXCEPTION WHEN deadlock_detected OR unique_violation THEN
            doubled := NULL;  -- two such SKUs may have been stored meanwhile
            CONTINUE;
        END;
        COMMIT;
        names := names + in_name;
        bodies := bodies + in_body;
        skus := skus + in_sku;
        EXIT WHEN cardinality(batch) < 1000;
        start := batch[1000];
    END LOOP;
    IF names + bodies + skus > 0 THEN
        RAISE NOTICE 'products brought to their form: names %, descriptions %, SKUs %', names, bodies, skus;
    END IF;

    kept := ARRAY(SELECT format('“%s” (%s)', name, id) FROM products WHERE name <> name_form(name) ORDER BY id);
    IF kept <> '{}' THEN
        RAISE NOTICE 'product names that stay as they are, because they would be too short: %, such as %',
                     cardinality(kept), array_to_string(kept[:5], ', ');
    END IF;
    kept := ARRAY(SELECT format('“%s” (%s)', sku_form(sku), id)
                    FROM products
                   WHERE sku <> sku_form(sku)
                   ORDER BY sku_form(sku), id);
    IF kept <> '{}' THEN
        RAISE NOTICE 'SKUs that stay as they are, because another product would have the same: %, such as %',
                     cardinality(kept), array_to_string(kept[:5], ', ');
    END IF;
END
$$;
