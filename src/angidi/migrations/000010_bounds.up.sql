-- Bounds of stored values, for every writer. NOT VALID: new rows are checked from now on; version 11 checks existing rows
-- without blocking writers.

-- White space, control and format characters, independent of the server's locale.
CREATE OR REPLACE FUNCTION is_visible(body text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN body ~ '[^\s[:cntrl:]\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]';

-- RFC 3339 has years of four digits.
CREATE OR REPLACE FUNCTION is_representable(moment timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN moment >= '0001-01-01 00:00:00+00'::timestamptz AND moment < '10000-01-01 00:00:00+00'::timestamptz;

ALTER TABLE users
    ADD CONSTRAINT version_in_range CHECK (version BETWEEN 1 AND 9007199254740991) NOT VALID,
    ADD CONSTRAINT name_visible CHECK (is_visible(name)) NOT VALID,
    ADD CONSTRAINT times_representable CHECK (
        is_representable(created_at) AND is_representable(updated_at) AND is_representable(deleted_at)) NOT VALID;

-- A CHECK cannot see longer cycles; the service refuses them.
ALTER TABLE categories
    ADD CONSTRAINT version_in_range CHECK (version BETWEEN 1 AND 9007199254740991) NOT VALID,
    ADD CONSTRAINT name_visible CHECK (is_visible(name)) NOT VALID,
    ADD CONSTRAINT category_not_own_parent CHECK (parent_id <> id) NOT VALID,
    ADD CONSTRAINT times_representable CHECK (
        is_representable(created_at) AND is_representable(updated_at)) NOT VALID;

-- NaN is a valid numeric and sorts above every number, so price >= 0 accepts it; only an upper bound refuses it. Browsers
-- ignore tabs and line breaks in a URL.
ALTER TABLE products
    ADD CONSTRAINT version_in_range CHECK (version BETWEEN 1 AND 9007199254740991) NOT VALID,
    ADD CONSTRAINT name_visible CHECK (is_visible(name)) NOT VALID,
    ADD CONSTRAINT sku_visible CHECK (is_visible(sku)) NOT VALID,
    ADD CONSTRAINT price_maximum CHECK (price <= 99999999.99) NOT VALID,
    ADD CONSTRAINT image_url_not_script CHECK (
        regexp_replace(image_url, '[\s[:cntrl:]]', '', 'g') !~* '^(javascript|vbscript|data):') NOT VALID,
    ADD CONSTRAINT times_representable CHECK (
        is_representable(created_at) AND is_representable(updated_at) AND is_representable(deleted_at)) NOT VALID;

COMMENT ON FUNCTION is_visible(text) IS
    'Whether the text has a visible character; NULL of NULL.';
COMMENT ON FUNCTION is_representable(timestamptz) IS
    'Whether the time lies in the years 1 to 9999; NULL of NULL.';
COMMENT ON CONSTRAINT version_in_range ON users IS
    'A version is at least 1, and at most what JavaScript reads exactly.';
COMMENT ON CONSTRAINT name_visible ON users IS
    'A name has a visible character.';
COMMENT ON CONSTRAINT times_representable ON users IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
COMMENT ON CONSTRAINT version_in_range ON categories IS
    'A version is at least 1, and at most what JavaScript reads exactly.';
COMMENT ON CONSTRAINT name_visible ON categories IS
    'A name has a visible character.';
COMMENT ON CONSTRAINT category_not_own_parent ON categories IS
    'A category is not its own parent. Longer cycles are refused where categories are moved.';
COMMENT ON CONSTRAINT times_representable ON categories IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
COMMENT ON CONSTRAINT version_in_range ON products IS
    'A version is at least 1, and at most what JavaScript reads exactly.';
COMMENT ON CONSTRAINT name_visible ON products IS
    'A name has a visible character.';
COMMENT ON CONSTRAINT sku_visible ON products IS
    'A SKU has a visible character; a product without one has NULL.';
COMMENT ON CONSTRAINT price_maximum ON products IS
    'The most that the column can hold; what it refuses is NaN, which passes price_positive.';
COMMENT ON CONSTRAINT image_url_not_script ON products IS
    'No browser runs a script for showing a picture.';
COMMENT ON CONSTRAINT times_representable ON products IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
