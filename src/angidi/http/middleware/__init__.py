"""Limits, timeouts, CORS, compression and the log: what requests share around their handlers."""
