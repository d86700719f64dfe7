-- Nothing to undo: the rows go with their table.
SELECT 1;
