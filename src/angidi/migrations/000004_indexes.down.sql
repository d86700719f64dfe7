-- A file is one transaction, where CONCURRENTLY is not allowed; dropping an index takes an instant.
-- squawk-ignore-file require-concurrent-index-deletion
DROP INDEX idx_products_sku;
DROP INDEX idx_products_created_at;
DROP INDEX idx_products_price;
DROP INDEX idx_products_name;
DROP INDEX idx_products_category_id;

DROP INDEX idx_categories_parent_id;
DROP INDEX idx_categories_name;

DROP INDEX idx_users_created_at;
DROP INDEX idx_users_email;
