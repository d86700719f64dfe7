"""Parts of answers that models share: resources with a validator, which caches must revalidate, and refused fields."""

from typing import Any, ClassVar, Literal

from msgspec import Struct


class Detail(Struct, frozen=True):
    """One refused field."""

    field: str
    message: str


class Resource(Struct, frozen=True):
    """The content of an answer with an ETag. Subclasses have the fields `id` and `version`.

    `audience` says which caches may store it: all (`public`), or only the client's own (`private`).
    """

    audience: ClassVar[Literal["public", "private"]] = "public"

    def state(self) -> str:
        """Return a text that differs after every visible change."""
        row: Any = self
        return f"{row.id.hex}-{row.version}"
