-- What was unique for ever becomes unique among the active rows, so that an address or a SKU can be used again after a
-- soft delete. Versions 6 and 7 built the new keys; here the old ones and their plain indexes go, which takes a moment.
-- A category's name becomes unique among its siblings; categories are few, so that key is built here.
-- IF EXISTS: the plain indexes of a database that the Go service made may have been dropped by hand.
-- squawk-ignore-file ban-drop-constraint, disallowed-unique-constraint, constraint-missing-not-valid
-- squawk-ignore-file require-concurrent-index-deletion

ALTER TABLE users DROP CONSTRAINT users_email_key;
DROP INDEX IF EXISTS idx_users_email;

ALTER TABLE products DROP CONSTRAINT products_sku_key;
DROP INDEX IF EXISTS idx_products_sku;

ALTER TABLE categories DROP CONSTRAINT categories_name_key;
DROP INDEX IF EXISTS idx_categories_parent_id;
ALTER TABLE categories
    ADD CONSTRAINT categories_parent_id_name_key UNIQUE NULLS NOT DISTINCT (parent_id, name);

COMMENT ON INDEX users_email_active_key IS
    'One active user per e-mail address, in any case; a deleted user''s address is free again. Serves login.';
COMMENT ON INDEX products_sku_active_key IS
    'One active product per SKU; a deleted product''s SKU is free again, and products without one never clash. '
    'Serves `sku=` and the import.';
COMMENT ON CONSTRAINT categories_parent_id_name_key ON categories IS
    'Siblings have different names, and roots are siblings of each other.';
COMMENT ON INDEX categories_parent_id_name_key IS
    'Serves the children of a category by name, a path of names, and the foreign key to the parent.';
