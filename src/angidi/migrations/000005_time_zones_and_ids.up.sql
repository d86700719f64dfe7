-- Every time becomes an instant (timestamptz), and ids come from the server's own gen_random_uuid().
-- Databases made by the Go service arrive here: their times are without zone, in UTC, some may be missing, and their
-- ids come from uuid_generate_v4() of an extension, which is left in place for whoever else uses it.
--
-- The types change for every client at once and each table is rewritten under its lock: on a new database there is
-- nothing to rewrite, and the Go service is stopped while its database is taken over. `angidi migrate plan` says how
-- long that takes. Every later file leaves readers and writers of a live shop alone.
-- squawk-ignore-file changing-column-type, ban-drop-default, adding-not-nullable-field

LOCK TABLE users, categories, products IN ACCESS EXCLUSIVE MODE;

-- Checks for everything that versions 5 to 11 would refuse before any change, so that a database that cannot be migrated
-- completely stays as it was, and its service can continue.
DO $$
DECLARE
    offenders text;
BEGIN
    SELECT string_agg(spellings, '; ' ORDER BY spellings)
      INTO offenders
      FROM (SELECT string_agg(format('%s (id %s)', email, id), ' and ' ORDER BY email, id) AS spellings
              FROM users
             WHERE deleted_at IS NULL
             GROUP BY lower(email)
            HAVING count(*) > 1) AS duplicate;
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'active users have e-mail addresses that differ in case alone: %', offenders
            USING HINT = 'Change the address of all but one of each, or soft-delete them (set deleted_at), '
                         'then migrate again. Nothing has been changed.';
    END IF;

    SELECT string_agg(format('%s (id %s)', name, id), '; ' ORDER BY name, id)
      INTO offenders
      FROM products
     WHERE price = 'NaN';
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'products have NaN for a price: %', offenders
            USING HINT = 'Give each of them a price, then migrate again. Nothing has been changed.';
    END IF;

    -- Later versions refuse a category that is its own parent; longer cycles nothing would refuse, and no walk up or
    -- down the tree would ever come to their end. UNION, not UNION ALL: this one does.
    WITH RECURSIVE above AS (
        SELECT id, parent_id AS ancestor_id
          FROM categories
         UNION
        SELECT above.id, categories.parent_id
          FROM above
          JOIN categories ON categories.id = above.ancestor_id
    )
    SELECT string_agg(format('%s (id %s)', name, id), '; ' ORDER BY name, id)
      INTO offenders
      FROM categories
     WHERE EXISTS (SELECT FROM above WHERE above.id = categories.id AND above.ancestor_id = categories.id);
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'categories stand below themselves: %', offenders
            USING HINT = 'Set parent_id of one in each cycle to NULL or to another category, then migrate again. '
                         'Nothing has been changed.';
    END IF;

    -- The characters that is_visible() of version 10 ignores.
    SELECT string_agg(format('%s (id %s)', kind, id), '; ' ORDER BY kind, id)
      INTO offenders
      FROM (SELECT 'user' AS kind, id, name FROM users
             UNION ALL
            SELECT 'category', id, name FROM categories
             UNION ALL
            SELECT 'product', id, name FROM products) AS named
     WHERE name !~ '[^\s[:cntrl:]\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]';
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'names have no visible character: %', offenders
            USING HINT = 'Give each of them a name, then migrate again. Nothing has been changed.';
    END IF;

    SELECT string_agg(format('%s (id %s)', image_url, id), '; ' ORDER BY id)
      INTO offenders
      FROM products
     WHERE regexp_replace(image_url, '[\s[:cntrl:]]', '', 'g') ~* '^(javascript|vbscript|data):';
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'products have a script for a picture: %', offenders
            USING HINT = 'Set image_url of each of them to NULL, then migrate again. Nothing has been changed.';
    END IF;

    SELECT string_agg(format('%s (id %s)', kind, id), '; ' ORDER BY kind, id)
      INTO offenders
      FROM (SELECT 'user' AS kind, id, created_at, updated_at, deleted_at FROM users
             UNION ALL
            SELECT 'category', id, created_at, updated_at, NULL FROM categories
             UNION ALL
            SELECT 'product', id, created_at, updated_at, deleted_at FROM products) AS dated
     WHERE created_at NOT BETWEEN '0001-01-01' AND '9999-12-31'
        OR updated_at NOT BETWEEN '0001-01-01' AND '9999-12-31'
        OR deleted_at NOT BETWEEN '0001-01-01' AND '9999-12-31';
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'times lie outside the years 1 to 9999: %', offenders
            USING HINT = 'Set each of them to a real time, then migrate again. Nothing has been changed.';
    END IF;
END
$$;

-- A SKU without a visible character becomes NULL.
UPDATE products
   SET sku = NULL
 WHERE sku !~ '[^\s[:cntrl:]\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]';

UPDATE users
   SET created_at = coalesce(created_at, updated_at, now() AT TIME ZONE 'UTC'),
       updated_at = coalesce(updated_at, created_at, now() AT TIME ZONE 'UTC')
 WHERE created_at IS NULL OR updated_at IS NULL;

UPDATE categories
   SET created_at = coalesce(created_at, updated_at, now() AT TIME ZONE 'UTC'),
       updated_at = coalesce(updated_at, created_at, now() AT TIME ZONE 'UTC')
 WHERE created_at IS NULL OR updated_at IS NULL;

UPDATE products
   SET created_at = coalesce(created_at, updated_at, now() AT TIME ZONE 'UTC'),
       updated_at = coalesce(updated_at, created_at, now() AT TIME ZONE 'UTC')
 WHERE created_at IS NULL OR updated_at IS NULL;

-- Free space on each page for changes of stock, price or password, which are then HOT updates and write to no index. Set
-- before the tables are rewritten, so that it applies to existing rows.
ALTER TABLE users SET (fillfactor = 90);
ALTER TABLE products SET (fillfactor = 90);

-- USING, not the session's time zone: the same instant whoever runs this, at the price of one rewrite of each table.
ALTER TABLE users
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN updated_at DROP DEFAULT,
    ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET NOT NULL,
    ALTER COLUMN deleted_at TYPE timestamptz USING deleted_at AT TIME ZONE 'UTC';

ALTER TABLE categories
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN updated_at DROP DEFAULT,
    ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET NOT NULL;

ALTER TABLE products
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN updated_at DROP DEFAULT,
    ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET NOT NULL,
    ALTER COLUMN deleted_at TYPE timestamptz USING deleted_at AT TIME ZONE 'UTC';
