"""The HTTP toolkit below the features: fields, envelopes, errors, tokens, limits, logs, and the ASGI shell."""
