"""`angidi db …` and `angidi doctor`: the database itself."""
