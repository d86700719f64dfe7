-- The documentation of the schema lives in the database: \d+ in psql shows it, and docs/database/SCHEMA.md is made
-- of it. What other versions brought is described where it was made, but for the indexes that stand alone in their files.

COMMENT ON TABLE users IS
    'People who can log in. Deleted softly: deleted_at is set, and restoring clears it.';
COMMENT ON COLUMN users.id IS
    'Made by the application as UUID v7; the default serves those who insert by SQL.';
COMMENT ON COLUMN users.email IS
    'As the person wrote it; compared by lower(email).';
COMMENT ON COLUMN users.password_hash IS
    'argon2id; a bcrypt hash of the Go service verifies too and is replaced at the next login.';
COMMENT ON COLUMN users.name IS
    'The name to show.';
COMMENT ON COLUMN users.role IS
    'What the account may do; read at every protected request, so that a change counts at once.';
COMMENT ON COLUMN users.created_at IS
    'When the account was made.';
COMMENT ON COLUMN users.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN users.deleted_at IS
    'When the account was deleted; NULL while it is active.';
COMMENT ON CONSTRAINT users_pkey ON users IS
    'The identity of a user, which access and refresh tokens carry.';
COMMENT ON CONSTRAINT email_format ON users IS
    'An address in shape; that it is reachable only a message can prove.';
COMMENT ON CONSTRAINT role_valid ON users IS
    'The roles that the code knows.';

COMMENT ON TABLE categories IS
    'The tree of categories. parent_id is the truth; whatever else describes the tree is derived from it.';
COMMENT ON COLUMN categories.id IS
    'Made by the application as UUID v7; five are known to clients and stand in every database.';
COMMENT ON COLUMN categories.name IS
    'Unique among siblings, compared exactly.';
COMMENT ON COLUMN categories.description IS
    'Text to show; NULL when there is none.';
COMMENT ON COLUMN categories.parent_id IS
    'The category above; NULL for a root.';
COMMENT ON COLUMN categories.created_at IS
    'When the category was made.';
COMMENT ON COLUMN categories.updated_at IS
    'When the row was last changed.';
COMMENT ON CONSTRAINT categories_pkey ON categories IS
    'The identity of a category.';
COMMENT ON CONSTRAINT categories_parent_id_fkey ON categories IS
    'A parent exists; when it is deleted, its children become roots.';
COMMENT ON CONSTRAINT name_not_empty ON categories IS
    'A name is more than spaces.';

COMMENT ON TABLE products IS
    'What is for sale. Deleted softly: deleted_at is set, and restoring clears it.';
COMMENT ON COLUMN products.id IS
    'Made by the application as UUID v7; the default serves those who insert by SQL.';
COMMENT ON COLUMN products.name IS
    'The name to show; searched.';
COMMENT ON COLUMN products.description IS
    'Text to show; searched. NULL when there is none.';
COMMENT ON COLUMN products.price IS
    'Exact, in the shop''s one currency.';
COMMENT ON COLUMN products.stock IS
    'Pieces on hand. In no index, so that selling stays a HOT update.';
COMMENT ON COLUMN products.category_id IS
    'The category that the product stands in.';
COMMENT ON COLUMN products.image_url IS
    'Where its picture is; NULL when there is none.';
COMMENT ON COLUMN products.sku IS
    'Stock keeping unit, the merchant''s own key: what imports match by. NULL when there is none.';
COMMENT ON COLUMN products.created_at IS
    'When the product was made.';
COMMENT ON COLUMN products.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN products.deleted_at IS
    'When the product was deleted; NULL while it is active.';
COMMENT ON CONSTRAINT products_pkey ON products IS
    'The identity of a product.';
COMMENT ON CONSTRAINT products_category_id_fkey ON products IS
    'The category exists, and cannot be deleted while a product, active or deleted, stands in it.';
COMMENT ON CONSTRAINT price_positive ON products IS
    'A price is not negative.';
COMMENT ON CONSTRAINT stock_non_negative ON products IS
    'Nothing is sold that is not there.';
COMMENT ON CONSTRAINT name_not_empty ON products IS
    'A name is more than spaces.';

COMMENT ON INDEX product_search_document_idx IS
    'The products that have a text inside name or description, by every three characters in a row.';
COMMENT ON INDEX product_search_words_idx IS
    'The products that have words, or beginnings of words, anywhere or in the name, or a SKU by its beginning.';
COMMENT ON INDEX users_search_idx IS
    'The users that have a text inside address or name, by every three characters in a row.';
COMMENT ON INDEX products_name_active_idx IS
    'The list of products by name, either way, whatever case and marks the name has.';
