-- Documents the schema in the database: \d+ in psql shows it, and docs/database/SCHEMA.md is generated from it. Objects of
-- other versions are described there, except indexes in files of their own.

COMMENT ON TABLE users IS
    'People who can log in. Deleted softly: deleted_at is set, and restoring clears it.';
COMMENT ON COLUMN users.id IS
    'UUID v7 from the application; the default is for inserts by SQL.';
COMMENT ON COLUMN users.email IS
    'As the person wrote it; compared by lower(email).';
COMMENT ON COLUMN users.password_hash IS
    'argon2id; a bcrypt hash of the Go service verifies too and is replaced at the next login.';
COMMENT ON COLUMN users.name IS
    'Display name.';
COMMENT ON COLUMN users.role IS
    'Permissions of the account; read at every protected request, so that changes take effect at once.';
COMMENT ON COLUMN users.created_at IS
    'When the account was created.';
COMMENT ON COLUMN users.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN users.deleted_at IS
    'When the account was deleted; NULL while it is active.';
COMMENT ON CONSTRAINT users_pkey ON users IS
    'The identity of a user, which access and refresh tokens carry.';
COMMENT ON CONSTRAINT email_format ON users IS
    'The syntax of an address.';
COMMENT ON CONSTRAINT role_valid ON users IS
    'The roles of the application.';

COMMENT ON TABLE categories IS
    'The tree of categories, defined by parent_id. category_closure is derived from it.';
COMMENT ON COLUMN categories.id IS
    'UUID v7 from the application; clients know five of them, which exist in every database.';
COMMENT ON COLUMN categories.name IS
    'Unique among siblings, compared exactly.';
COMMENT ON COLUMN categories.description IS
    'NULL if there is none.';
COMMENT ON COLUMN categories.parent_id IS
    'The category above; NULL for a root.';
COMMENT ON COLUMN categories.created_at IS
    'When the category was created.';
COMMENT ON COLUMN categories.updated_at IS
    'When the row was last changed.';
COMMENT ON CONSTRAINT categories_pkey ON categories IS
    'The identity of a category.';
COMMENT ON CONSTRAINT categories_parent_id_fkey ON categories IS
    'A parent exists; when it is deleted, its children become roots.';
COMMENT ON CONSTRAINT name_not_empty ON categories IS
    'A name has more than spaces.';

COMMENT ON TABLE products IS
    'What is for sale. Deleted softly: deleted_at is set, and restoring clears it.';
COMMENT ON COLUMN products.id IS
    'UUID v7 from the application; the default is for inserts by SQL.';
COMMENT ON COLUMN products.name IS
    'Display name; searched.';
COMMENT ON COLUMN products.description IS
    'Searched. NULL if there is none.';
COMMENT ON COLUMN products.price IS
    'Exact, in the shop''s one currency.';
COMMENT ON COLUMN products.stock IS
    'Pieces in stock. In no index, so that sales are HOT updates.';
COMMENT ON COLUMN products.category_id IS
    'The category of the product.';
COMMENT ON COLUMN products.image_url IS
    'URL of the image; NULL if there is none.';
COMMENT ON COLUMN products.sku IS
    'Stock keeping unit, by which imports match products. NULL if there is none.';
COMMENT ON COLUMN products.created_at IS
    'When the product was created.';
COMMENT ON COLUMN products.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN products.deleted_at IS
    'When the product was deleted; NULL while it is active.';
COMMENT ON CONSTRAINT products_pkey ON products IS
    'The identity of a product.';
COMMENT ON CONSTRAINT products_category_id_fkey ON products IS
    'The category exists, and cannot be deleted while it has products, active or deleted.';
COMMENT ON CONSTRAINT price_positive ON products IS
    'A price is not negative.';
COMMENT ON CONSTRAINT stock_non_negative ON products IS
    'Stock is not negative.';
COMMENT ON CONSTRAINT name_not_empty ON products IS
    'A name has more than spaces.';

COMMENT ON INDEX product_search_document_idx IS
    'Trigrams of name and description: finds a text anywhere inside.';
COMMENT ON INDEX product_search_words_idx IS
    'Words and word prefixes in the texts or in the name only, and prefixes of SKUs.';
COMMENT ON INDEX users_search_idx IS
    'Trigrams of address and name: finds a text anywhere inside.';
COMMENT ON INDEX products_name_active_idx IS
    'The list of products by name in both directions, ignoring case and accents.';
