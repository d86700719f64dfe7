-- As the Go service left it: see version 1.
-- squawk-ignore-file prefer-text-field, prefer-timestamp-tz
CREATE TABLE categories (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        varchar(100) UNIQUE NOT NULL,
    description text,
    parent_id   uuid REFERENCES categories (id) ON DELETE SET NULL,
    created_at  timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at  timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    CONSTRAINT name_not_empty CHECK (length(trim(name)) > 0)
);
