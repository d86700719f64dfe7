"""Idempotency-Key: a request that comes again gets the answer that it got before, and changes nothing."""
