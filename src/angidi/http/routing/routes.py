"""Declarations of operations: which function answers which method at which path, and what it may answer."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar, get_type_hints

from angidi.errors import AngidiError
from angidi.http.core.responses import StreamedResponse
from angidi.http.routing.inputs import Inputs, inputs_of

H = TypeVar("H", bound=Callable[..., Awaitable[Any]])

PARAMETER = re.compile(r"\{(\w+)\}")
"""A name in a path."""


class Tag(NamedTuple):
    """The subject that operations are grouped by in the API's description."""

    name: str
    description: str


class Also(NamedTuple):
    """Another status with the same content: its description, and what its example has otherwise."""

    description: str
    differences: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path. `path` is the template, in which names stand in braces."""

    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    tag: Tag
    status: int
    errors: Sequence[type[AngidiError]] = ()
    also: Mapping[int, Also] = field(default_factory=dict[int, Also])
    """Other statuses with the same content."""

    name: str = ""
    """Name of the operation in the API's description, where it is not the handler's."""

    example: Mapping[str, Any] | None = None
    """Example of the body, where the examples of its fields do not go together."""

    path_examples: Mapping[str, str] = field(default_factory=dict[str, str])
    """Examples of names in the path, where those of their types do not fit."""

    text: tuple[str, str] | None = None
    """Content type and example of a response that is not JSON."""

    csv_example: str = ""
    """Example of a body that is a CSV file."""

    takes_large_body: bool = False
    is_documented: bool = True

    @property
    def inputs(self) -> Inputs:
        """What the handler takes."""
        return inputs_of(self.handler, PARAMETER.findall(self.path))

    @property
    def is_streamed(self) -> bool:
        """Whether the answer is sent in parts."""
        return isinstance(self.returned, type) and issubclass(self.returned, StreamedResponse)

    @property
    def has_location(self) -> bool:
        """Whether the answer has the `Location` of what was created: its id, below the operation's path."""
        return self.status == HTTPStatus.CREATED and self.inputs.takes_key

    @property
    def path_types(self) -> dict[str, Any]:
        """The annotated type of each name in the path."""
        hints = get_type_hints(self.handler, include_extras=True)
        return {name: hints[name] for name in PARAMETER.findall(self.path)}

    @property
    def returned(self) -> Any:
        """The type that the handler returns."""
        return get_type_hints(self.handler)["return"]


class Routes:
    """The operations of one subject, in the order of their declaration.

    `tag` is its name in the API's description, and `about` one sentence on it.

    A handler is declared with `get`, `post`, `put` or `delete`, at one path or several. `status` is that of a
    successful response; the other parameters are those of `Operation`.
    """

    def __init__(self, tag: str, about: str = "") -> None:
        self._tag = Tag(tag, about)
        self._operations: list[Operation] = []

    def get(self, *paths: str, **declared: Any) -> Callable[[H], H]:
        """Declare the handler of GET and HEAD."""
        return self._declare("GET", paths, {"status": 200, **declared})

    def post(self, *paths: str, **declared: Any) -> Callable[[H], H]:
        """Declare the handler of POST."""
        return self._declare("POST", paths, {"status": 201, **declared})

    def put(self, *paths: str, **declared: Any) -> Callable[[H], H]:
        """Declare the handler of PUT."""
        return self._declare("PUT", paths, {"status": 200, **declared})

    def delete(self, *paths: str, **declared: Any) -> Callable[[H], H]:
        """Declare the handler of DELETE."""
        return self._declare("DELETE", paths, {"status": 204, **declared})

    def below(self, base_path: str) -> list[Operation]:
        """Return the operations, with their paths below `base_path`."""
        return [replace(operation, path=base_path + operation.path) for operation in self._operations]

    def _declare(self, method: str, paths: Sequence[str], declared: dict[str, Any]) -> Callable[[H], H]:
        def declare(handler: H) -> H:
            self._operations += [Operation(method, path, handler, self._tag, **declared) for path in paths]
            return handler

        return declare
