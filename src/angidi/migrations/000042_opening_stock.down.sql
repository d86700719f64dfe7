-- The entries go with the table.
SELECT 1;
