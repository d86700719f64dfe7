"""How a file of rows is written: what a caller forces, and what was recognized."""

from typing import NamedTuple

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
"""The separators that are recognized, by name."""

_LABELS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", "cp1252": "Windows-1252"}


class FileOptions(NamedTuple):
    """What is not to be recognized but taken as given: one character, and the name of an encoding."""

    delimiter: str | None = None
    encoding: str | None = None


class FileFormat(NamedTuple):
    """The recognized format of a file. An assumed encoding is a guess that the user should look at.

    `has_mark` is whether the file begins with a byte order mark.
    """

    delimiter: str
    encoding: str
    is_assumed: bool
    is_gzipped: bool
    has_mark: bool = False

    def __str__(self) -> str:
        """Return the format as a part of a message."""
        return ", ".join([f"separator {self.delimiter_label}", self.encoding_label, *["gzipped"] * self.is_gzipped])

    @property
    def delimiter_label(self) -> str:
        """Return the name of the separator, or the character in quotation marks."""
        names = {delimiter: name for name, delimiter in DELIMITERS.items()}
        return names.get(self.delimiter, f"“{self.delimiter}”")

    @property
    def encoding_label(self) -> str:
        """Return the name of the encoding, and that it is assumed if so."""
        return encoding_label(self.encoding) + " (assumed)" * self.is_assumed


def encoding_label(encoding: str) -> str:
    """Return the usual name of an encoding."""
    return _LABELS.get(encoding, encoding)
