"""Query parameters that all lists share."""

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.pagination.pages import DEFAULT_SIZE, MAXIMUM_PAGE, MAXIMUM_SIZE, Counting
from angidi.validation.fields import Clamped
from angidi.validation.plans import Parse


def _bounded(maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and text.strip("0")):
            raise ValueError(f"must be a whole number from 1 to {maximum}")
        digits = text.lstrip("0")
        if len(digits) > len(str(maximum)) or int(digits) > maximum:
            raise Clamped(f"must be at most {maximum}", maximum)
        return int(digits)

    return parse


def _bounded_schema(default: int, maximum: int, about: str) -> Meta:
    schema = {"type": "integer", "minimum": 1, "maximum": maximum, "default": default}
    return Meta(description=about, extra_json_schema=schema, examples=[default])


MAXIMUM_CURSOR = 4096

CursorText = Annotated[
    str,
    Meta(
        max_length=MAXIMUM_CURSOR,
        description="the next_cursor of an answer, to go on from there with the same sort and filters",
        examples=["lMQIJc2YMrZ9GgwKCpLH_wBX6PAAAAA"],
    ),
]


class PageQuery(Struct, frozen=True, kw_only=True):
    """Query parameters that all lists share: page by number or cursor, page size, and counting.

    `requires` maps each parameter that has no effect alone to the parameter that it needs.
    """

    requires: ClassVar[Mapping[str, str]] = {}

    page: Annotated[
        int,
        _bounded_schema(1, MAXIMUM_PAGE, "Which page, from 1"),
        Parse(_bounded(MAXIMUM_PAGE), fallback=True),
    ] = 1
    page_size: Annotated[
        int | UnsetType,
        _bounded_schema(
            DEFAULT_SIZE, MAXIMUM_SIZE, f"Items on a page, 1 to {MAXIMUM_SIZE}; that of the cursor where there is one"
        ),
        Parse(_bounded(MAXIMUM_SIZE), fallback=True),
    ] = UNSET
    cursor: CursorText | None = None
    count: Annotated[
        Counting | None,
        Meta(
            description="“exact”, to have the total counted however large, or “none”, to leave it out",
            examples=["exact"],
        ),
    ] = None
