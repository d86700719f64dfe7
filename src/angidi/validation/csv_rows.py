"""Validation of CSV rows by the rules of request bodies."""

from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

from angidi.csvfiles import NamedRow, Reason
from angidi.errors import Invalid
from angidi.validation.fields import build, normalised

S = TypeVar("S", bound=Struct)


class RowResult(NamedTuple, Generic[S]):
    """A validated row: `value`, or all `reasons` for refusing it. `texts` are the cells without a fault."""

    line: int
    texts: dict[str, str]
    value: S | None = None
    reasons: tuple[Reason, ...] = ()


def validate_row(row: NamedRow, into: type[S]) -> RowResult[S]:
    """Validate a row as an `into`, whose fields have the names of the columns."""
    if row.problem:
        return RowResult(row.line, {}, reasons=(row.problem,))
    try:
        return RowResult(row.line, row.cells, build(row.cells, into, strict=False, texts=True))
    except Invalid as refused:
        wrong = {detail.field for detail in refused.details}
        texts = {name: text for name, text in row.cells.items() if name not in wrong}
        return RowResult(
            row.line, normalised(texts, into), reasons=tuple(Reason(*detail) for detail in refused.details)
        )
