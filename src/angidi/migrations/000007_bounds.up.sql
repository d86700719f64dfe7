-- Both are validated at once: NOT VALID now and VALIDATE in a file of its own would spare the writers one short scan.
-- squawk-ignore-file constraint-missing-not-valid

-- numeric takes NaN, NaN sorts above every number, and so it passes price >= 0; only an upper bound refuses it.
ALTER TABLE products
    ADD CONSTRAINT price_maximum CHECK (price <= 99999999.99);

-- Longer rings cannot be seen by a CHECK: the service that moves categories refuses them.
ALTER TABLE categories
    ADD CONSTRAINT category_not_own_parent CHECK (parent_id <> id);

COMMENT ON CONSTRAINT price_maximum ON products IS
    'The most that the column can hold; what it refuses is NaN, which passes price_positive.';
COMMENT ON CONSTRAINT category_not_own_parent ON categories IS
    'A category is not its own parent. Longer rings are refused where categories are moved.';
