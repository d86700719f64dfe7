"""`angidi import …`, `export …`, `seed` and `purge`: data into, out of and within the database."""
