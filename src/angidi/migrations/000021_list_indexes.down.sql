-- The indexes of version 4 come back before those that replaced them go. Writers wait while they are built.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
DROP INDEX categories_name_id_idx;
CREATE INDEX idx_categories_name ON categories (name);

CREATE INDEX idx_products_price ON products (price);
CREATE INDEX idx_products_name ON products (name);
CREATE INDEX idx_products_created_at ON products (created_at);
CREATE INDEX idx_products_category_id ON products (category_id);
CREATE INDEX idx_users_created_at ON users (created_at);

COMMENT ON INDEX products_category_id_idx IS NULL;
COMMENT ON INDEX products_category_id_price_active_idx IS NULL;
COMMENT ON INDEX products_category_id_created_at_active_idx IS NULL;
COMMENT ON INDEX products_price_active_idx IS NULL;
COMMENT ON INDEX products_created_at_deleted_idx IS NULL;
COMMENT ON INDEX products_created_at_active_idx IS NULL;
COMMENT ON INDEX users_admin_active_idx IS NULL;
COMMENT ON INDEX users_created_at_deleted_idx IS NULL;
COMMENT ON INDEX users_created_at_active_idx IS NULL;
