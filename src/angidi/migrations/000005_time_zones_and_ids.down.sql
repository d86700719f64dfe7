-- Back to times without zone, in UTC: each stays the same instant. Ids keep gen_random_uuid(), as in version 1.
--
-- What squawk warns of is what this step is for: the types of version 4, for a service of that version.
-- squawk-ignore-file changing-column-type, prefer-timestamp-tz, ban-drop-default, ban-drop-not-null

ALTER TABLE products
    ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
    ALTER COLUMN created_at DROP NOT NULL,
    ALTER COLUMN updated_at DROP DEFAULT,
    ALTER COLUMN updated_at TYPE timestamp USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
    ALTER COLUMN updated_at DROP NOT NULL,
    ALTER COLUMN deleted_at TYPE timestamp USING deleted_at AT TIME ZONE 'UTC';

ALTER TABLE categories
    ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
    ALTER COLUMN created_at DROP NOT NULL,
    ALTER COLUMN updated_at DROP DEFAULT,
    ALTER COLUMN updated_at TYPE timestamp USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
    ALTER COLUMN updated_at DROP NOT NULL;

ALTER TABLE users
    ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
    ALTER COLUMN created_at DROP NOT NULL,
    ALTER COLUMN updated_at DROP DEFAULT,
    ALTER COLUMN updated_at TYPE timestamp USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
    ALTER COLUMN updated_at DROP NOT NULL,
    ALTER COLUMN deleted_at TYPE timestamp USING deleted_at AT TIME ZONE 'UTC';

ALTER TABLE products RESET (fillfactor);
ALTER TABLE users RESET (fillfactor);
