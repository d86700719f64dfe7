"""Angidi: the backend of an e-commerce platform on PostgreSQL."""

__version__ = "0.1.0"
