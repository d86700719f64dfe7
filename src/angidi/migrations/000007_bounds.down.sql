ALTER TABLE categories DROP CONSTRAINT category_not_own_parent;
ALTER TABLE products DROP CONSTRAINT price_maximum;
