"""Files of rows, as they come: encodings, separators, numbers, and the report of an import.

`encoding` makes lines of bytes, `dialect` finds the separator, `reader` yields rows by position, `columns` by name.
"""

from angidi.csvfiles.columns import Columns, NamedRow, NamedRows, open_rows
from angidi.csvfiles.encoding import OnProgress, TextSource, open_bytes, open_source
from angidi.csvfiles.formats import FileFormat, FileOptions
from angidi.csvfiles.reader import HEADER, CsvReader, Row, RowReader, open_csv
from angidi.csvfiles.report import COUNTS, REASON, FileRefused, OnRefused, Reason, Refused, Summary

__all__ = [
    "COUNTS",
    "HEADER",
    "REASON",
    "Columns",
    "CsvReader",
    "FileFormat",
    "FileOptions",
    "FileRefused",
    "NamedRow",
    "NamedRows",
    "OnProgress",
    "OnRefused",
    "Reason",
    "Refused",
    "Row",
    "RowReader",
    "Summary",
    "TextSource",
    "open_bytes",
    "open_csv",
    "open_rows",
    "open_source",
]
