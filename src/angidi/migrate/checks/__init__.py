"""Checking files and databases: status, plan, lint, verify, repair."""
