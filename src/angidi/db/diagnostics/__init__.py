"""Looking at a database that works: for commands, never on the way of a request."""
