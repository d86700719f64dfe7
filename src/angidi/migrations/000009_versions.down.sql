-- squawk-ignore-file ban-drop-column, ban-drop-function, ban-drop-trigger
DROP TRIGGER products_version ON products;
DROP TRIGGER categories_version ON categories;
DROP TRIGGER users_version ON users;
DROP FUNCTION next_version();
ALTER TABLE products DROP COLUMN version;
ALTER TABLE categories DROP COLUMN version;
ALTER TABLE users DROP COLUMN version;
