-- Versions 1 to 4 are the schema that the Go service left behind, and databases made by it start at version 5.
-- They stay as they were, so squawk's advice on column types and on building indexes comes too late for them;
-- what is better now comes with the versions after them.
-- squawk-ignore-file prefer-text-field, prefer-timestamp-tz
CREATE TABLE users (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email         varchar(255) UNIQUE NOT NULL,
    password_hash varchar(255) NOT NULL,
    name          varchar(100) NOT NULL,
    role          varchar(50) NOT NULL DEFAULT 'user',
    created_at    timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at    timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    deleted_at    timestamp,
    CONSTRAINT email_format CHECK (email ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}$'),
    CONSTRAINT role_valid CHECK (role IN ('user', 'admin', 'moderator'))
);
