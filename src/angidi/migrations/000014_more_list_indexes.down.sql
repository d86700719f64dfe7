-- squawk-ignore-file require-concurrent-index-deletion
DROP INDEX idx_users_fours;
DROP INDEX idx_users_deleted_created_at;
DROP INDEX idx_products_deleted_created_at;
DROP INDEX idx_products_living_category_id_price;
