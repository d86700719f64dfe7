"""One connection to the target database: address, lock, version table, history."""
