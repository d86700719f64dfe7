-- Nothing to undo: that all rows keep the bounds of version 10 stays true. A constraint cannot be unvalidated.
SELECT 1;
