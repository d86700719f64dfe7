"""The migration files of a directory, and their order."""
