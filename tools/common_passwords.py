"""Writes the list of common passwords anew, from the wheels of Django and zxcvbn, which are the arguments.

Both list passwords of breaches, the most frequent first. Taken are those that a new password could be (8 characters or
more), by the better of their two ranks.
"""

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

LIST = Path(__file__).parents[1] / "src/angidi/security/lists/common-passwords.txt.gz"
SIZE = 10_000
DJANGO, ZXCVBN = "django/contrib/auth/common-passwords.txt.gz", "zxcvbn/frequency_lists.py"


def read_wheel(wheel: Path) -> list[str]:
    """Return the passwords that a wheel lists, the most frequent first."""
    with ZipFile(wheel) as opened:
        if DJANGO in opened.namelist():
            return gzip.decompress(opened.read(DJANGO)).decode().splitlines()
        source = opened.read(ZXCVBN).decode()
    return next(re.finditer(r'"passwords": "([^"]+)"\.split', source))[1].split(",")


def most_common(*lists: list[str]) -> list[str]:
    """Return the `SIZE` passwords of the best ranks in any of the lists, in alphabetical order."""
    ranks: dict[str, int] = {}
    for listed in lists:
        for password, rank in _usable(listed):
            ranks[password] = min(rank, ranks.get(password, rank))
    return sorted(sorted(ranks, key=lambda password: (ranks[password], password))[:SIZE])


def _usable(listed: list[str]) -> Iterator[tuple[str, int]]:
    for rank, text in enumerate(listed):
        password = text.lower()
        if 8 <= len(password) <= 128 and password.isascii() and password.isprintable():  # noqa: PLR2004 - the rule of new ones
            yield password, rank


if __name__ == "__main__":
    chosen = most_common(*(read_wheel(Path(wheel)) for wheel in sys.argv[1:]))
    LIST.write_bytes(gzip.compress("".join(f"{password}\n" for password in chosen).encode(), mtime=0))
