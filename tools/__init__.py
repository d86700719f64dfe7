"""Checks and generators of the Makefile."""
