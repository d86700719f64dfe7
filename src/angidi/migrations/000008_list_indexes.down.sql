-- The indexes change places in one transaction, where CONCURRENTLY is not allowed; writers wait meanwhile.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

COMMENT ON INDEX idx_products_category_id IS NULL;

DROP INDEX idx_products_living_name;
DROP INDEX idx_products_living_price;
DROP INDEX idx_products_living_category_id_created_at;
DROP INDEX idx_products_living_created_at;
CREATE INDEX idx_products_name ON products (name);
CREATE INDEX idx_products_price ON products (price);
CREATE INDEX idx_products_created_at ON products (created_at);

DROP INDEX idx_categories_name_id;
CREATE INDEX idx_categories_name ON categories (name);

DROP INDEX idx_users_living_admins;
DROP INDEX idx_users_living_created_at;
CREATE INDEX idx_users_created_at ON users (created_at);
