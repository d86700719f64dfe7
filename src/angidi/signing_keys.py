"""Which keys are too weak to sign tokens with."""

MINIMUM_SIZE = 32
"""Minimum bytes of a key: HS256 requires the size of its digest (RFC 7518, section 3.2)."""

_FEWEST_CHARACTERS = 8
"""Minimum number of different characters in a key, to detect filler."""


def size(key: str) -> int:
    """Return the number of bytes."""
    return len(key.encode())


def is_short(key: str) -> bool:
    """Tell whether a key is too short to sign with."""
    return size(key) < MINIMUM_SIZE


def is_published(key: str) -> bool:
    """Tell whether a key was copied from an example, so that anybody knows it. One of the shop's own is not."""
    return key.lower() == "secret" or any(word in key.lower() for word in ("change", "example", "default"))


def is_default(key: str) -> bool:
    """Tell whether a key was copied from an example, or is filler."""
    return len(set(key)) < _FEWEST_CHARACTERS or "secret" in key.lower() or is_published(key)


def is_weak(key: str) -> bool:
    """Tell whether a key could be guessed."""
    return is_short(key) or is_default(key)
