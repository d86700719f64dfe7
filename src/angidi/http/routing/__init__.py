"""Handlers, decoding of requests, guards, links, streams."""
