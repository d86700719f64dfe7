"""Running migrations."""
