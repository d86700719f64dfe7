"""Metrics and logs of statements."""
