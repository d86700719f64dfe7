-- A category's products by price, which shops sort by most, and the deleted ones, which admins look at: partial, so
-- that what is for sale pays nothing for them.
-- squawk-ignore-file require-concurrent-index-creation
CREATE INDEX idx_products_living_category_id_price ON products (category_id, price, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_products_deleted_created_at ON products (created_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX idx_users_deleted_created_at ON users (created_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX idx_users_fours ON users USING gin (fours(lower(email) || E'\x01' || lower(name)));

COMMENT ON INDEX idx_products_living_category_id_price IS
    'The products of a category by price, either way.';
COMMENT ON INDEX idx_products_deleted_created_at IS
    'The list of deleted products, newest first.';
COMMENT ON INDEX idx_users_deleted_created_at IS
    'The list of deleted users, newest first.';
COMMENT ON INDEX idx_users_fours IS
    'The users that have a text inside address or name, by every four characters of a word in a row.';
