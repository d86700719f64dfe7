-- The extensions stay: others in the database may use them.
SELECT 1;
