-- Uniqueness over all rows comes back, which rows may have outgrown since: then no row is touched, and they are named.
--
-- The keys change places in one transaction, where CONCURRENTLY is not allowed; writers wait meanwhile.
-- squawk-ignore-file ban-drop-constraint, disallowed-unique-constraint, constraint-missing-not-valid
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

LOCK TABLE users, categories, products IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    offenders text;
BEGIN
    SELECT string_agg(format('%s (%s users)', email, holders), '; ' ORDER BY email)
      INTO offenders
      FROM (SELECT email, count(*) AS holders FROM users GROUP BY email HAVING count(*) > 1) AS repeated;
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'deleted users share their e-mail address with others, which version 7 refuses: %', offenders
            USING HINT = 'Change the address of the deleted users, or remove them for good, then step down again. '
                         'Nothing has been changed.';
    END IF;

    SELECT string_agg(format('%s (%s products)', sku, holders), '; ' ORDER BY sku)
      INTO offenders
      FROM (SELECT sku, count(*) AS holders
              FROM products
             WHERE sku IS NOT NULL
             GROUP BY sku
            HAVING count(*) > 1) AS repeated;
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'deleted products share their SKU with others, which version 7 refuses: %', offenders
            USING HINT = 'Clear the SKU of the deleted products, or remove them for good, then step down again. '
                         'Nothing has been changed.';
    END IF;

    SELECT string_agg(format('%s (%s categories)', name, holders), '; ' ORDER BY name)
      INTO offenders
      FROM (SELECT name, count(*) AS holders FROM categories GROUP BY name HAVING count(*) > 1) AS repeated;
    IF offenders IS NOT NULL THEN
        RAISE EXCEPTION 'categories under different parents share a name, which version 7 refuses: %', offenders
            USING HINT = 'Rename all but one of each, then step down again. Nothing has been changed.';
    END IF;
END
$$;

ALTER TABLE categories DROP CONSTRAINT categories_parent_id_name_key;
ALTER TABLE categories ADD CONSTRAINT categories_name_key UNIQUE (name);
CREATE INDEX idx_categories_parent_id ON categories (parent_id);

ALTER TABLE products ADD CONSTRAINT products_sku_key UNIQUE (sku);
CREATE INDEX idx_products_sku ON products (sku);

ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);
CREATE INDEX idx_users_email ON users (email);

COMMENT ON INDEX products_sku_active_key IS NULL;
COMMENT ON INDEX users_email_active_key IS NULL;
