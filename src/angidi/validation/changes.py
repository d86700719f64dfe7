"""Changes of a stored resource: what equals the stored value is never refused, whatever the rules are today."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from msgspec import UNSET, Struct, structs

from angidi.errors import FieldError, Invalid, NotFound
from angidi.validation.fields import Decoded, decode

S = TypeVar("S", bound=Struct)

Read = Callable[[], Awaitable[Struct]]
"""Reads the stored resource as it is shown in answers."""


class Changes(NamedTuple, Generic[S]):
    """A body that changes a resource, an `S` whose fields can all be `UNSET`.

    `doubtful` are the values, as they were sent, of fields that are refused, or that would be stored in another form
    than they were sent in. Only these are compared with the stored resource, which is read for that.
    """

    into: type[S]
    values: Mapping[str, object]
    doubtful: Mapping[str, object]
    refused: tuple[FieldError, ...] = ()

    async def settled(self, read: Read) -> S:
        """Return what is to be changed; a field that has its stored value is `UNSET`.

        Reads the resource only if there is a doubt. Raises `Invalid`, and what `read` raises; without the resource, an
        error of the body comes first.
        """
        if not (self.doubtful or self.refused):
            return self._without(())
        try:
            stored = await read()
        except NotFound:
            self._refuse(self.refused)
            raise
        same = {name for name, sent in self.doubtful.items() if _is_shown(sent, getattr(stored, name))}
        self._refuse(tuple(error for error in self.refused if error.field not in same))
        return self._without(same)

    def _refuse(self, errors: tuple[FieldError, ...]) -> None:
        if errors:
            raise Invalid(details=errors)

    def _without(self, same: Any) -> S:
        fields = self.into.__struct_fields__
        return self.into(**{name: UNSET if name in same else self.values.get(name, UNSET) for name in fields})


def valid(changes: S) -> Changes[S]:
    """Return changes that are valid as they are."""
    return Changes(type(changes), structs.asdict(changes), {})


def read_changes(values: Mapping[str, object], into: type[S], *, strict: bool) -> Changes[S]:
    """Return the fields of a body as changes; nothing is refused yet."""
    decoded = decode(values, into, strict=strict)
    good = decoded.good if decoded.value is None else structs.asdict(decoded.value)
    return Changes(into, good, _doubtful(into, decoded, good), decoded.refused)


def _doubtful(into: type[S], decoded: Decoded[S], good: Mapping[str, object]) -> dict[str, object]:
    wrong = {error.field for error in decoded.refused} & {*into.__struct_fields__}
    return {
        name: sent
        for name, sent in decoded.sent.items()
        if name in wrong or (isinstance(sent, str) and isinstance(good.get(name), str) and good[name] != sent)
    }


def _is_shown(sent: object, shown: object) -> bool:
    """Tell whether a value of JSON is what the answer shows; `true` is not 1."""
    if isinstance(sent, bool) or isinstance(shown, bool):
        return sent is shown
    return sent == (str(shown) if isinstance(shown, UUID) else shown)
