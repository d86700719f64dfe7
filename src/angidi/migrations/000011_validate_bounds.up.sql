-- Checks the rows older than version 10, and fails if one violates a bound. Blocks neither readers nor writers.
ALTER TABLE users VALIDATE CONSTRAINT version_in_range;
ALTER TABLE users VALIDATE CONSTRAINT name_visible;
ALTER TABLE users VALIDATE CONSTRAINT times_representable;
ALTER TABLE categories VALIDATE CONSTRAINT version_in_range;
ALTER TABLE categories VALIDATE CONSTRAINT name_visible;
ALTER TABLE categories VALIDATE CONSTRAINT category_not_own_parent;
ALTER TABLE categories VALIDATE CONSTRAINT times_representable;
ALTER TABLE products VALIDATE CONSTRAINT version_in_range;
ALTER TABLE products VALIDATE CONSTRAINT name_visible;
ALTER TABLE products VALIDATE CONSTRAINT sku_visible;
ALTER TABLE products VALIDATE CONSTRAINT price_maximum;
ALTER TABLE products VALIDATE CONSTRAINT image_url_not_script;
ALTER TABLE products VALIDATE CONSTRAINT times_representable;
