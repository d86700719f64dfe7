"""The import of products."""
