-- migrate:ignore not-undone: the extensions stay, since others in the database may use them.
SELECT 1;
