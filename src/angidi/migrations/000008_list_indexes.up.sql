-- One index per order that a list is read in: partial on the living where there are deleted rows, and ending in id,
-- so that (sort column, id) < (…) finds any page by itself. A B-tree is read in both directions, so each serves its
-- order and the reverse. None holds or is conditioned on stock: one that was cost nine times the WAL and every HOT
-- update.
-- IF EXISTS: a database made by the Go service has two indexes more, and may have lost others by hand.
--
-- A file is one transaction, where CONCURRENTLY is not allowed; writers wait while the indexes are built, once.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

DROP INDEX IF EXISTS idx_users_created_at;
DROP INDEX IF EXISTS idx_users_deleted_at;
CREATE INDEX idx_users_living_created_at ON users (created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX idx_users_living_admins ON users (id) WHERE role = 'admin' AND deleted_at IS NULL;

DROP INDEX IF EXISTS idx_categories_name;
CREATE INDEX idx_categories_name_id ON categories (name, id);

DROP INDEX IF EXISTS idx_products_created_at;
DROP INDEX IF EXISTS idx_products_price;
DROP INDEX IF EXISTS idx_products_name;
DROP INDEX IF EXISTS idx_products_deleted_at;
CREATE INDEX idx_products_living_created_at ON products (created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX idx_products_living_category_id_created_at
    ON products (category_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX idx_products_living_price ON products (price, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_products_living_name ON products (name, id) WHERE deleted_at IS NULL;

-- Made anew, so that it covers deleted products whatever its shape was: they too keep a category from being deleted.
DROP INDEX IF EXISTS idx_products_category_id;
CREATE INDEX idx_products_category_id ON products (category_id);

COMMENT ON INDEX idx_users_living_created_at IS
    'The list of users, newest first.';
COMMENT ON INDEX idx_users_living_admins IS
    'The few admins, locked in the order of their ids whenever one might be the last to go.';
COMMENT ON INDEX idx_categories_name_id IS
    'The list of all categories by name, and a category found by its name alone.';
COMMENT ON INDEX idx_products_living_created_at IS
    'The list of products, newest first (and oldest first, read backwards).';
COMMENT ON INDEX idx_products_living_category_id_created_at IS
    'The products of a category, newest first.';
COMMENT ON INDEX idx_products_living_price IS
    'The list of products by price, either way, also between two prices.';
COMMENT ON INDEX idx_products_living_name IS
    'The list of products by name, either way.';
COMMENT ON INDEX idx_products_category_id IS
    'The foreign key to the category: its delete must see the deleted products too.';
