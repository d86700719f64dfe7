"""`angidi import …`, `export …` and `seed`: data into and out of the database."""
