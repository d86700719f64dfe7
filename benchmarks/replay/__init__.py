"""The order lines of a real shop, placed through the API, and compared with plain SQL over the same lines."""
