"""Positions, page queries and signed cursors."""
