"""Reservations: stock that is held for a checkout that pays elsewhere."""
