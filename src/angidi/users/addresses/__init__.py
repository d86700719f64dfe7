"""Addresses to ship to, of which a user has up to fifty."""
