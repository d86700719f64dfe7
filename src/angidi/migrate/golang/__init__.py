"""Flags, messages and durations as Go has them."""
