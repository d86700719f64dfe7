-- As the Go service left it: see version 1.
-- squawk-ignore-file prefer-text-field, prefer-timestamp-tz, prefer-bigint-over-int
CREATE TABLE products (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        varchar(255) NOT NULL,
    description text,
    price       decimal(10, 2) NOT NULL,
    stock       integer NOT NULL DEFAULT 0,
    category_id uuid NOT NULL REFERENCES categories (id) ON DELETE RESTRICT,
    image_url   varchar(500),
    sku         varchar(100) UNIQUE,
    created_at  timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at  timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    deleted_at  timestamp,
    CONSTRAINT price_positive CHECK (price >= 0),
    CONSTRAINT stock_non_negative CHECK (stock >= 0),
    CONSTRAINT name_not_empty CHECK (length(trim(name)) > 0)
);
