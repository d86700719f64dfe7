-- A sale is no new version of a product: with the stock in it, an admin who thinks for ten seconds was refused at every
-- second save. The ETag of an answer holds the stock beside the version.
CREATE OR REPLACE TRIGGER products_version
    BEFORE UPDATE ON products
    FOR EACH ROW
    WHEN ((OLD.name, OLD.description, OLD.price, OLD.category_id, OLD.image_url, OLD.sku, OLD.deleted_at, OLD.version)
          IS DISTINCT FROM
          (NEW.name, NEW.description, NEW.price, NEW.category_id, NEW.image_url, NEW.sku, NEW.deleted_at, NEW.version))
    EXECUTE FUNCTION next_version();

-- Nor does a recount by PUT or import, which set the time of the change with the rest.
CREATE OR REPLACE FUNCTION keep_updated_at() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := OLD.updated_at;
    RETURN NEW;
END
$$;

CREATE TRIGGER products_recounted
    BEFORE UPDATE ON products
    FOR EACH ROW
    WHEN (OLD.stock <> NEW.stock AND OLD.updated_at IS DISTINCT FROM NEW.updated_at
          AND (OLD.name, OLD.description, OLD.price, OLD.category_id, OLD.image_url, OLD.sku, OLD.deleted_at, OLD.version)
              IS NOT DISTINCT FROM
              (NEW.name, NEW.description, NEW.price, NEW.category_id, NEW.image_url, NEW.sku, NEW.deleted_at, NEW.version))
    EXECUTE FUNCTION keep_updated_at();

COMMENT ON FUNCTION keep_updated_at() IS
    'Leaves the time of the last change as it was.';
COMMENT ON COLUMN products.version IS
    'Number of changes of the product, stock aside, from 1; part of the ETag.';
