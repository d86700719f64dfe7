"""Requests, responses, and errors as responses."""
