-- Number of changes of a row, the base of ETags. The database counts, so that no writer can forget to.
-- The trigger's column list defines a change; a test requires that each column is in the list or named as an exception.
-- `version` is in the list, so that a version that is set by hand becomes the next one instead.
ALTER TABLE users ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE categories ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE products ADD COLUMN version bigint NOT NULL DEFAULT 1;

CREATE OR REPLACE FUNCTION next_version() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.version := CASE WHEN OLD.version < 9007199254740991 THEN OLD.version + 1 ELSE 1 END;
    RETURN NEW;
END
$$;

CREATE TRIGGER users_version
    BEFORE UPDATE ON users
    FOR EACH ROW
    WHEN ((OLD.email, OLD.name, OLD.role, OLD.deleted_at, OLD.version)
          IS DISTINCT FROM (NEW.email, NEW.name, NEW.role, NEW.deleted_at, NEW.version))
    EXECUTE FUNCTION next_version();

CREATE TRIGGER categories_version
    BEFORE UPDATE ON categories
    FOR EACH ROW
    WHEN ((OLD.name, OLD.description, OLD.parent_id, OLD.version)
          IS DISTINCT FROM (NEW.name, NEW.description, NEW.parent_id, NEW.version))
    EXECUTE FUNCTION next_version();

CREATE TRIGGER products_version
    BEFORE UPDATE ON products
    FOR EACH ROW
    WHEN ((OLD.name, OLD.description, OLD.price, OLD.stock, OLD.category_id, OLD.image_url, OLD.sku, OLD.deleted_at,
           OLD.version)
          IS DISTINCT FROM
          (NEW.name, NEW.description, NEW.price, NEW.stock, NEW.category_id, NEW.image_url, NEW.sku, NEW.deleted_at,
           NEW.version))
    EXECUTE FUNCTION next_version();

COMMENT ON COLUMN users.version IS
    'Number of changes of the user, from 1; part of the ETag.';
COMMENT ON COLUMN categories.version IS
    'Number of changes of the category, from 1; part of the ETag.';
COMMENT ON COLUMN products.version IS
    'Number of changes of the product, from 1; part of the ETag.';
COMMENT ON FUNCTION next_version() IS
    'Counts a change of the row.';
