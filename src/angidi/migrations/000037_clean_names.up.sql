-- Brings the stored names and descriptions of categories, and the names of users, to the form in which they are stored
-- now. What would clash with a sibling, or be too short or too long, stays as it is and is reported; `angidi doctor` lists
-- it from then on. A row that is changed has a new version and a new updated_at, since clients are answered another text;
-- no other row is written. Users come a thousand per transaction, so that writers wait briefly. A batch that loses a
-- deadlock, or against a name that somebody stores meanwhile, is retried.
-- migrate:no-transaction
DO $$
DECLARE
    start   uuid := '00000000-0000-0000-0000-000000000000';
    batch   uuid[];
    changed bigint;
    names   bigint := 0;
    bodies  bigint := 0;
    kept    text[];
BEGIN
    LOOP
        BEGIN
            UPDATE categories AS c
               SET name = name_form(name), updated_at = now()
             WHERE name <> name_form(name)
               AND length(name_form(name)) BETWEEN 1 AND 100
               AND NOT EXISTS (SELECT
                                 FROM categories AS sibling
                                WHERE sibling.id <> c.id
                                  AND sibling.parent_id IS NOT DISTINCT FROM c.parent_id
                                  AND name_form(sibling.name) = name_form(c.name));
            GET DIAGNOSTICS names = ROW_COUNT;
            UPDATE categories
               SET description = text_form(description), updated_at = now()
             WHERE description <> text_form(description);
            GET DIAGNOSTICS bodies = ROW_COUNT;
            EXIT;
        EXCEPTION WHEN deadlock_detected OR unique_violation THEN
            CONTINUE;
        END;
    END LOOP;
    COMMIT;
    kept := ARRAY(SELECT format('“%s” (%s)', name, id) FROM categories WHERE name <> name_form(name) ORDER BY name);
    IF names + bodies > 0 THEN
        RAISE NOTICE 'categories brought to their form: names %, descriptions %', names, bodies;
    END IF;
    IF kept <> '{}' THEN
        RAISE NOTICE 'category names that stay as they are, because a sibling would have the same: %, such as %',
                     cardinality(kept), array_to_string(kept[:5], ', ');
    END IF;

    names := 0;
    LOOP
        batch := ARRAY(SELECT id FROM users WHERE id >= start ORDER BY id LIMIT 1000);
        BEGIN
            UPDATE users
               SET name = name_form(name), updated_at = now()
             WHERE id = ANY (batch)
               AND name <> name_form(name)
               AND length(name_form(name)) BETWEEN 2 AND 100;
            GET DIAGNOSTICS changed = ROW_COUNT;
        EXCEPTION WHEN deadlock_detected THEN
            CONTINUE;
        END;
        COMMIT;
        names := names + changed;
        EXIT WHEN cardinality(batch) < 1000;
        start := batch[1000];
    END LOOP;
    kept := ARRAY(SELECT id FROM users WHERE name <> name_form(name) ORDER BY id);
    IF names > 0 THEN
        RAISE NOTICE 'users brought to their form: names %', names;
    END IF;
    IF kept <> '{}' THEN
        RAISE NOTICE 'user names that stay as they are, because they would be too short: %, such as that of %',
                     cardinality(kept), array_to_string(kept[:5], ', ');
    END IF;
END
$$;
