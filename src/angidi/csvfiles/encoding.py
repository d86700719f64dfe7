"""Bytes to lines of text.

The encoding is that of the byte order mark, else UTF-8, else Windows-1252 is assumed. A file is decoded once to its end
before any line is given out, so that a file which cannot be decoded is refused as a whole.
"""

import codecs
import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from angidi.csvfiles.formats import FileFormat, FileOptions, encoding_label
from angidi.csvfiles.guards import has_guards
from angidi.csvfiles.report import FileRefused

LINE_LIMIT = 1 << 20
"""Maximum characters of a line; a longer one means that the file is no CSV."""

MAX_BLANK_ROWS = 2_000_000
"""Maximum blank rows of a file: a spreadsheet has 1,048,576 rows at most."""

MAX_BLANK_ROWS_IN_MEMORY = 100_000
"""Maximum blank rows of a file that is in memory: other requests wait while they are passed over."""

UNPACKED_ALLOWANCE = 1 << 26
"""Bytes that a gzipped file may always hold."""

MAX_RATIO = 200
"""How many times its own size a larger gzipped file may hold: rows of a shop are 5 to 50 times."""

BLOCK = 1 << 18
"""Bytes that are decoded at a time."""

OnProgress = Callable[[int, int], None]
"""Callback with the bytes read so far (of the compressed file, if it is one), and the line that was reached."""

Opener = Callable[[], BinaryIO]
"""Opens a file at its beginning."""

ASSUMED = "cp1252"
"""The encoding of files that are not UTF-8, as spreadsheets write them in Western Europe and America."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""In this order: the mark of UTF-16 is the beginning of one of UTF-32."""

_WITHOUT_SURROGATES = ("utf-8", "utf-16", "utf-32", ASSUMED)
_SURROGATE = re.compile("[\ud800-\udfff]")
GZIP = b"\x1f\x8b"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def nobody(_: int, __: int) -> None:
    """Ignore progress."""


class TextSource:
    """The lines of a file, which `opener` opens. Each pass has a handle of its own; `stack` closes them all."""

    def __init__(
        self, name: str, opener: Opener, encoding: str | None, stack: ExitStack, watch: OnProgress = nobody
    ) -> None:
        self.name = name
        self.watch = watch
        self.max_blank_rows = MAX_BLANK_ROWS
        self._opener = opener
        self._stack = stack
        with _readable():
            with opener() as file:
                self.is_gzipped = file.read(len(GZIP)) == GZIP
            with self._plain() as plain:
                self.encoding, self.is_assumed, self.has_guards = _recognized(plain, encoding)
                plain.seek(0)
                self._has_mark = plain.read(4).startswith(tuple(mark for mark, _ in BYTE_ORDER_MARKS))

    def format(self, delimiter: str) -> FileFormat:
        """Return the format of a file of this separator."""
        return FileFormat(delimiter, self.encoding, self.is_assumed, self.is_gzipped, self._has_mark)

    def digest(self) -> bytes:
        """Return the SHA-256 of the raw file, gzipped or not."""
        with self._opener() as file:
            digest = hashlib.sha256()
            for part in iter(partial(file.read, 1 << 16), b""):
                digest.update(part)
            return digest.digest()

    def lines(self) -> "Lines":
        """Return a new pass over the lines, from the first."""
        return Lines(self)

    def open(self) -> tuple[BinaryIO, io.TextIOWrapper]:
        """Return a new handle of the raw file, and the text that is read through it."""
        raw = self._stack.enter_context(self._opener())
        plain = gzip.GzipFile(fileobj=raw) if self.is_gzipped else raw
        # newline="" ends lines at LF, CRLF and CR, and leaves them as they are for quoted cells.
        text = io.TextIOWrapper(cast("BinaryIO", plain), self.encoding, newline="")
        return raw, self._stack.enter_context(text)

    @contextmanager
    def _plain(self) -> Generator[BinaryIO]:
        with self._opener() as raw:
            yield cast("BinaryIO", _BoundedGzip(raw)) if self.is_gzipped else raw


class _BoundedGzip(gzip.GzipFile):
    """A gzipped file that must not hold far more than its size: a small one could take minutes to read."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(fileobj=raw)
        self._raw = raw

    def read(self, size: int | None = -1) -> bytes:
        """Read as the base does. Raises `FileRefused`."""
        data = super().read(size)
        if self.tell() > max(UNPACKED_ALLOWANCE, MAX_RATIO * self._raw.tell()):
            raise FileRefused(f"The gzipped file holds more than {MAX_RATIO} times its size; unpack it to import it")
        return data


class Lines:
    """One pass over the lines of a file, with their ends; a byte order mark is left out."""

    def __init__(self, source: TextSource) -> None:
        self._raw, text = source.open()
        self._readline = partial(text.readline, LINE_LIMIT)

    @property
    def position(self) -> int:
        """Return how many bytes of the raw file are read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[str]:
        """Yield the lines. Raises `FileRefused`."""
        number = 0
        try:
            with _readable():
                first = self._readline().removeprefix("\ufeff")
                for number, line in enumerate(chain([first] if first else [], iter(self._readline, "")), 1):
                    if len(line) >= LINE_LIMIT:
                        raise FileRefused(f"line {number} is longer than {LINE_LIMIT:,} characters")
                    yield line
        except UnicodeDecodeError:
            raise FileRefused(f"line {number + 1}: the file has changed while it was read") from None


@contextmanager
def open_source(path: Path, options: FileOptions, watch: OnProgress = nobody) -> Generator[TextSource]:
    """Open a file, gzipped or not. Raises `FileRefused`, also within the block, with the file's name."""
    with ExitStack() as stack:
        try:
            yield TextSource(path.name, partial(path.open, "rb"), options.encoding, stack, watch)
        except FileRefused as error:
            raise FileRefused(f"{path.name}: {error}") from None


@contextmanager
def open_bytes(content: bytes) -> Generator[TextSource]:
    """Open a file that is in memory, and so must not be gzipped. Raises `FileRefused`, also within the block."""
    if content.startswith(GZIP):
        raise FileRefused("The file must not be gzipped here")
    with ExitStack() as stack:
        source = TextSource("", partial(io.BytesIO, content), None, stack)
        source.max_blank_rows = MAX_BLANK_ROWS_IN_MEMORY
        yield source


def find_encoding(name: str) -> str | None:
    """Return the codec of an encoding that has characters, by any of its names, or None."""
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError):  # unknown; no encoding of text; no name at all
        return None


class Recognized(NamedTuple):
    """The encoding with which the whole file can be decoded; see `guards` for `has_guards`."""

    encoding: str
    is_assumed: bool
    has_guards: bool


def _recognized(plain: BinaryIO, forced: str | None) -> Recognized:
    start = plain.read(4)
    if start.startswith(_WORKBOOKS):
        raise FileRefused("This is a workbook or an archive; save the sheet as “CSV UTF-8” and import that file")
    if forced:
        return Recognized(forced, is_assumed=False, has_guards=_check(plain, forced))
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return Recognized(encoding, is_assumed=False, has_guards=_check(plain, encoding))
    if b"\0" in start:
        encoding = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
        raise FileRefused(f"The file has NUL bytes, as UTF-16 without a byte order mark has: try --encoding {encoding}")
    return _utf8_or_assumed(plain)


def _utf8_or_assumed(plain: BinaryIO) -> Recognized:
    try:
        return Recognized("utf-8", is_assumed=False, has_guards=_check(plain, "utf-8"))
    except FileRefused as error:
        if _is_mostly_utf8(plain):
            raise FileRefused(
                f"{error}, though most of the file is; mend this line, or name the encoding, such as --encoding cp1252"
            ) from None
    try:
        return Recognized(ASSUMED, is_assumed=True, has_guards=_check(plain, ASSUMED))
    except FileRefused as error:
        raise FileRefused(f"{error}, nor is the file UTF-8; name the encoding, such as --encoding cp850") from None


def _check(plain: BinaryIO, encoding: str) -> bool:
    """Decode the whole file, and return whether cells in it may be guarded.

    Raises `FileRefused` with the line of the first byte that cannot be decoded.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    is_guarded, last = False, ""
    for number, block in enumerate(_blocks(plain)):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            line = 1 + _count_lines(_texts_before(plain, encoding, number, error))
            byte = error.object[error.start]
            raise FileRefused(f"line {line}: the byte 0x{byte:02X} is not {encoding_label(encoding)}") from None
        except UnicodeError:  # of the file as a whole, such as that UTF-16 lacks its byte order mark
            raise FileRefused(f"The file is not {encoding_label(encoding)}") from None
        if encoding not in _WITHOUT_SURROGATES and _SURROGATE.search(text):
            raise FileRefused(f"The file has lone surrogates, which are no characters, as {encoding_label(encoding)}")
        is_guarded = is_guarded or has_guards(text, last)
        last = text[-1:]
    return is_guarded


def _texts_before(plain: BinaryIO, encoding: str, number: int, error: UnicodeDecodeError) -> Iterator[str]:
    """Yield the text before an error in the block of this number."""
    decoder = codecs.getincrementaldecoder(encoding)()
    yield from map(decoder.decode, islice(_blocks(plain), number))
    yield error.object[: error.start].decode(encoding, "ignore")


def _count_lines(texts: Iterable[str]) -> int:
    """Return how many lines end in consecutive texts: at LF, CRLF or CR."""
    count, last = 0, ""
    for text in texts:
        count += text.count("\n") + text.count("\r") - (last + text).count("\r\n")
        last = text[-1:]
    return count


def _is_mostly_utf8(plain: BinaryIO) -> bool:
    """Tell a UTF-8 file with some wrong bytes from a file of another encoding, where little is UTF-8 by chance."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    for block in _blocks(plain):
        text = decoder.decode(block, final=not block)
        wrong = _UNDECODED.subn("", text)[1]
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
        bad += wrong
    return good > bad


_UNDECODED = re.compile("[\udc80-\udcff]")


def _blocks(plain: BinaryIO) -> Iterator[bytes]:
    """Yield the file from its start, and nothing at its end."""
    plain.seek(0)
    yield from iter(partial(plain.read, BLOCK), b"")
    yield b""


@contextmanager
def _readable() -> Generator[None]:
    """Turn errors of the disk and of gzip into `FileRefused`."""
    try:
        yield
    except EOFError:
        raise FileRefused("The gzipped file is cut off: its end is missing") from None
    except (zlib.error, gzip.BadGzipFile):
        raise FileRefused("The gzipped file is damaged") from None
    except OSError as error:
        raise FileRefused(os.strerror(error.errno or 0)) from None
