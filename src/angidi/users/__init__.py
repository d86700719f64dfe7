"""Users: accounts, log-in, roles."""
