"""Passwords of accounts: changed by their owners, and reset by a token that an admin hands over."""
