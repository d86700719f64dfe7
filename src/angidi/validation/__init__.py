"""Typed fields of bodies, queries and CSV rows. One error names every wrong field."""
