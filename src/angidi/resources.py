"""Single resources with a validator, which caches may store and must revalidate."""

from typing import Any, ClassVar, Literal

from msgspec import Struct


class Resource(Struct, frozen=True):
    """The content of an answer with an ETag. Subclasses have the fields `id` and `version`.

    `audience` says which caches may store it: all (`public`), or only the client's own (`private`).
    """

    audience: ClassVar[Literal["public", "private"]] = "public"

    def state(self) -> str:
        """Return a text that differs after every visible change."""
        row: Any = self
        return f"{row.id.hex}-{row.version}"
