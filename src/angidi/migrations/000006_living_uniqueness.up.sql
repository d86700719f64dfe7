-- What was unique for ever becomes unique among the living, so that an address or a SKU can be used again after a
-- soft delete; a category's name becomes unique among its siblings. Each new key replaces a key and a plain index.
-- IF EXISTS: the plain indexes of a database that the Go service made may have been dropped by hand.
--
-- The old keys are dropped because the new ones replace them, in one transaction, where CONCURRENTLY is not allowed;
-- writers wait while three indexes are built, once.
-- squawk-ignore-file ban-drop-constraint, disallowed-unique-constraint, constraint-missing-not-valid
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

ALTER TABLE users DROP CONSTRAINT users_email_key;
DROP INDEX IF EXISTS idx_users_email;
CREATE UNIQUE INDEX users_email_living_key ON users (lower(email)) WHERE deleted_at IS NULL;

ALTER TABLE products DROP CONSTRAINT products_sku_key;
DROP INDEX IF EXISTS idx_products_sku;
CREATE UNIQUE INDEX products_sku_living_key ON products (sku) WHERE deleted_at IS NULL;

ALTER TABLE categories DROP CONSTRAINT categories_name_key;
DROP INDEX IF EXISTS idx_categories_parent_id;
ALTER TABLE categories
    ADD CONSTRAINT categories_parent_id_name_key UNIQUE NULLS NOT DISTINCT (parent_id, name);

COMMENT ON INDEX users_email_living_key IS
    'One living user per e-mail address, in any case; a deleted user''s address is free again. Serves login.';
COMMENT ON INDEX products_sku_living_key IS
    'One living product per SKU; a deleted product''s SKU is free again, and products without one never clash. '
    'Serves the import.';
COMMENT ON CONSTRAINT categories_parent_id_name_key ON categories IS
    'Siblings have different names, and roots are siblings of each other.';
COMMENT ON INDEX categories_parent_id_name_key IS
    'Serves the children of a category by name, a path of names, and the foreign key to the parent.';
