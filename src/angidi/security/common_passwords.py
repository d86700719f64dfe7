"""The common passwords, which are the first that somebody tries: 10,000 that a new password could be."""

import functools
import gzip
from importlib.resources import files

from angidi.validation.texts import composed

LIST = "lists/common-passwords.txt.gz"
"""A password in each line, in small letters; the folder's README names the sources."""


def is_common(password: str) -> bool:
    """Tell whether a password is one of them, whatever its case."""
    return composed(password).casefold() in _common_passwords()


@functools.cache
def _common_passwords() -> frozenset[str]:
    """Return the list, which is read once: it is needed for new passwords only."""
    return frozenset(gzip.decompress(files("angidi.security").joinpath(LIST).read_bytes()).decode().splitlines())
