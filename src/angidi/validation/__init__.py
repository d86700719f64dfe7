"""Typed fields of bodies, queries and CSV rows; one error names every field that is wrong."""
