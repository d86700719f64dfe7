"""`angidi db …`, `angidi doctor` and `angidi verify`: the database itself."""
