"""The router: a tree of path segments.

Starlette's router tries one regular expression after the other, and costs more the more operations there are (see
`docs/decisions/0004-starlette-msgspec-granian.md`). A literal segment wins over a parameter.
"""

from collections.abc import Awaitable, Callable, Iterable

from angidi.errors import AngidiError, NotFound
from angidi.http.core.errors import MethodNotAllowed
from angidi.http.core.request import UNMATCHED, Request
from angidi.http.core.responses import Response
from angidi.http.routing.handlers import Endpoint


class Node:
    """A node of the tree: its children by literal segment, its child for any `other`, and its endpoints by method."""

    __slots__ = ("endpoints", "named", "other", "others")

    def __init__(self) -> None:
        self.named: dict[str, Node] = {}
        self.other: Node | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self.others = _NOTHING
        """The endpoint of all other methods."""

    def at(self, segment: str) -> "Node":
        """Return the child for a segment of a template; create it if it is missing."""
        if not segment.startswith("{"):
            return self.named.setdefault(segment, Node())
        self.other = self.other or Node()
        return self.other

    def search(self, segments: list[str], place: int = 0) -> "Node | None":
        """Return the node with endpoints for the segments from `place` on; tries all branches."""
        if place == len(segments):
            return self if self.endpoints else None
        ways = (self.named.get(segments[place]), self.other)
        return next((node for way in ways if way and (node := way.search(segments, place + 1))), None)


class Router:
    """Finds endpoints. Repeated slashes count as one, and a trailing one is ignored."""

    def __init__(self, endpoints: Iterable[tuple[str, Endpoint]]) -> None:
        self._root = Node()
        for method, endpoint in endpoints:
            node = self._root
            for segment in filter(None, endpoint.route.split("/")):  # none in the route of `/`
                node = node.at(segment)
            node.endpoints[method] = endpoint
            _complete(node, endpoint.route)

    def find(self, request: Request) -> Endpoint:
        """Return the endpoint of the request; set its route, its segments and its path without redundant slashes."""
        segments = request.path[1:].split("/")
        if "" in segments:
            segments = [segment for segment in segments if segment]
        node: Node | None = self._root
        for segment in segments:
            node = node.named.get(segment, node.other)
            if node is None:
                break
        if node is None or not node.endpoints:  # another branch, through a parameter, may match
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
    """Add HEAD (as GET), OPTIONS (names the methods), and the error for all other methods."""
    if get := node.endpoints.get("GET"):
        node.endpoints["HEAD"] = get
    allow = ", ".join(sorted({*node.endpoints, "OPTIONS"})).encode()
    node.endpoints["OPTIONS"] = Endpoint(route, _naming(allow))
    node.others = Endpoint(UNMATCHED, _raising(lambda: MethodNotAllowed.allowing(allow)))


def _naming(allow: bytes) -> Callable[[Request], Awaitable[Response]]:
    async def name(_: Request) -> Response:
        return Response(204, [(b"allow", allow)])

    return name


def _raising(make: Callable[[], AngidiError]) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(_: Request) -> Response:
        raise make()

    return refuse


_NOTHING = Endpoint(UNMATCHED, _raising(NotFound))
