"""The import of categories."""
