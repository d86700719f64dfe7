"""`angidi …`: the command line."""
