-- squawk-ignore-file ban-drop-trigger, ban-drop-function
DROP TRIGGER products_recounted ON products;
DROP FUNCTION keep_updated_at();

CREATE OR REPLACE TRIGGER products_version
    BEFORE UPDATE ON products
    FOR EACH ROW
    WHEN ((OLD.name, OLD.description, OLD.price, OLD.stock, OLD.category_id, OLD.image_url, OLD.sku, OLD.deleted_at,
           OLD.version)
          IS DISTINCT FROM
          (NEW.name, NEW.description, NEW.price, NEW.stock, NEW.category_id, NEW.image_url, NEW.sku, NEW.deleted_at,
           NEW.version))
    EXECUTE FUNCTION next_version();

COMMENT ON COLUMN products.version IS
    'Number of changes of the product, from 1; part of the ETag.';
