"""Inspection of a running database, for the command line only."""
