"""Which endpoint answers a request: a tree of path segments.

Starlette's router tries one regular expression after the other, and costs more the more operations there are (see
`docs/decisions/0004-starlette-msgspec-granian.md`). A segment that is spelt out wins over a parameter.
"""

from collections.abc import Awaitable, Callable, Iterable

from angidi.errors import AngidiError, NotFound
from angidi.http.core.errors import MethodNotAllowed
from angidi.http.core.request import UNMATCHED, Request
from angidi.http.core.responses import Response
from angidi.http.routing.handlers import Endpoint


class Node:
    """A place in the tree: what follows it by name, what follows any other segment, and what answers here."""

    __slots__ = ("endpoints", "named", "other", "others")

    def __init__(self) -> None:
        self.named: dict[str, Node] = {}
        self.other: Node | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self.others = _NOTHING
        """What answers the methods that have no endpoint."""

    def at(self, segment: str) -> "Node":
        """Return the node behind a segment of a template, made if it is new."""
        if not segment.startswith("{"):
            return self.named.setdefault(segment, Node())
        self.other = self.other or Node()
        return self.other

    def search(self, segments: list[str], place: int = 0) -> "Node | None":
        """Return the node behind the segments from `place` on, whatever way leads there."""
        if place == len(segments):
            return self if self.endpoints else None
        ways = (self.named.get(segments[place]), self.other)
        return next((found for way in ways if way and (found := way.search(segments, place + 1))), None)


class Router:
    """Finds endpoints. Several slashes at a place are one, and one at the end is none."""

    def __init__(self, endpoints: Iterable[tuple[str, Endpoint]]) -> None:
        self._root = Node()
        for method, endpoint in endpoints:
            node = self._root
            for segment in endpoint.route[1:].split("/"):
                node = node.at(segment)
            node.endpoints[method] = endpoint
            _complete(node, endpoint.route)

    def find(self, request: Request) -> Endpoint:
        """Return what answers the request, and tell it its route, its segments and its path without odd slashes."""
        segments = request.path[1:].split("/")
        if "" in segments:
            segments = [segment for segment in segments if segment]
        node: Node | None = self._root
        for segment in segments:
            node = node.named.get(segment, node.other)
            if node is None:
                break
        if node is None or not node.endpoints:  # the first way is a dead end: there may be one over a parameter
            node = self._root.search(segments)
        if node is None:
            return _NOTHING
        endpoint = node.endpoints.get(request.method, node.others)
        if endpoint is not node.others:
            request.route = endpoint.route
            request.segments = segments
            request.path = "/" + "/".join(segments)
        return endpoint


def _complete(node: Node, route: str) -> None:
    """Have HEAD answered as GET, OPTIONS with the methods, and all others with an error that names them."""
    if get := node.endpoints.get("GET"):
        node.endpoints["HEAD"] = get
    allow = ", ".join(sorted({*node.endpoints, "OPTIONS"})).encode()
    node.endpoints["OPTIONS"] = Endpoint(route, _naming(allow))
    node.others = Endpoint(UNMATCHED, _raising(lambda: MethodNotAllowed.but(allow)))


def _naming(allow: bytes) -> Callable[[Request], Awaitable[Response]]:
    async def name(_: Request) -> Response:
        return Response(204, [(b"allow", allow)])

    return name


def _raising(make: Callable[[], AngidiError]) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(_: Request) -> Response:
        raise make()

    return refuse


_NOTHING = Endpoint(UNMATCHED, _raising(NotFound))
