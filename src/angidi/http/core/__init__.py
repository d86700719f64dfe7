"""Responses, and errors as responses."""
