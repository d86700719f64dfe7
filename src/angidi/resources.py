"""What is shown by itself, and may be cached by whoever saw it, if they ask each time whether it has changed."""

from typing import Any, ClassVar, Literal

from msgspec import Struct


class Resource(Struct, frozen=True):
    """The content of an answer that has a validator. A subclass has the fields `id` and `version`.

    `audience` says whose caches may keep it: everybody's, or only those of the one who asked.
    """

    audience: ClassVar[Literal["public", "private"]] = "public"

    def state(self) -> str:
        """Return what is another text after every change of what is shown."""
        row: Any = self
        return f"{row.id.hex}-{row.version}"
