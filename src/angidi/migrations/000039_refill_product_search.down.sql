-- Nothing to undo: the former functions come back with version 35.
SELECT 1;
