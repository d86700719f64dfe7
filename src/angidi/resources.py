"""Parts of answers that models share: resources with a validator, conditions on them, and refused fields."""

from typing import Any, ClassVar, Literal

from msgspec import Struct

from angidi.errors import AngidiError


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
        """Return a text that differs after every visible change: the id in hex, “-”, and the version.

        Behind the version there may be more, after “.” or “-”, that a precondition does not compare.
        """
        row: Any = self
        return f"{row.id.hex}-{row.version}"


class VersionMismatch(AngidiError):
    """The resource is in another state than the client knows. `resource` is its present one."""

    code = "VERSION_MISMATCH"
    message = "This has been changed since you read it. Read it again, and repeat your change on what is there now."
    resource: Resource | None = None

    @classmethod
    def of(cls, resource: Resource) -> "VersionMismatch":
        """Return the error for a resource as it is now."""
        error = cls()
        error.resource = resource
        return error


class PreconditionRequired(AngidiError):
    """The client names no state of the resource, and the shop requires one."""

    code = "PRECONDITION_REQUIRED"
    message = "This needs “If-Match” with the ETag of what you have read."


class Precondition(Struct, frozen=True):
    """The states of one resource that the client knows, as `Resource.state` gives them; None: any state will do.

    `is_missing`: the client names none where one is required. Only a resource that is there is refused for that.
    """

    states: tuple[str, ...] | None
    is_missing: bool = False

    def check(self, resource: Resource, *, exactly: bool = False) -> None:
        """Raise `VersionMismatch` if the resource has another version than in all these states.

        With `exactly` the whole state is compared. Raises `PreconditionRequired` if the states are missing.
        """
        if self.is_missing:
            raise PreconditionRequired
        if self.states is None:
            return
        known = self.states if exactly else [_version(state) for state in self.states]
        if (resource.state() if exactly else _version(resource.state())) not in known:
            raise VersionMismatch.of(resource)


def _version(state: str) -> list[str]:
    """Return id and own version: of a category, the state has the versions of all above it besides."""
    return state.partition(".")[0].split("-")[:2]
