"""Responses from what handlers return: the return type of a handler decides the kind of response."""

from collections.abc import Callable
from typing import Any, get_args, get_origin

from angidi.http.core.request import Request
from angidi.http.core.responses import Answer, Data, Response, encoded
from angidi.http.core.validators import etag
from angidi.http.routing.links import LONGEST, between_pages
from angidi.pagination.pages import PageInfo
from angidi.resources import Resource

Respond = Callable[[Request, Any, int], Response]
"""Makes a response from the value that a handler returned and the status of its operation."""


def respond_by(returned: Any) -> Respond:
    """Return the function that makes responses from values of a handler's return type."""
    if returned is type(None):
        return _nothing
    if get_origin(returned) is Answer:
        return _chosen
    if issubclass(returned, Response):
        return _complete
    if issubclass(returned, Resource):
        return _resource
    return _page if issubclass(returned, PageInfo) else _data


def with_location(respond: Respond, path: str) -> Respond:
    """Return `respond` with the `Location` of what was created, which is its id below the `path`."""

    def respond_with_location(request: Request, created: Any, status: int) -> Response:
        response = respond(request, created, status)
        response.headers.append((b"location", f"{path}/{created.id}".encode()))
        return response

    return respond_with_location


def shown_by(returned: Any) -> Any:
    """Return the type of the `data` in a response, None's type if it has none."""
    if get_origin(returned) is Answer:
        return get_args(returned)[0]
    return type(None) if returned is type(None) or issubclass(returned, Response) else returned


def _nothing(_: Request, __: None, status: int) -> Response:
    return Response(status, [])


def _chosen(_: Request, answer: Answer[Any], __: int) -> Response:
    return encoded(Data(answer.content), answer.status, answer.headers)


def _complete(_: Request, response: Response, __: int) -> Response:
    return response


def _data(_: Request, value: Any, status: int) -> Response:
    return encoded(Data(value), status)


def _resource(request: Request, shown: Resource, status: int) -> Response:
    headers = [(b"etag", etag(shown).encode())]
    if request.method in {"GET", "HEAD"}:  # a cache may keep it, and has to ask each time
        headers.append((b"cache-control", b"public, no-cache" if shown.audience == "public" else b"private, no-cache"))
    return encoded(Data(shown), status, headers)


def _page(request: Request, page: PageInfo, status: int) -> Response:
    links = between_pages(request.path, request.query, page.next_cursor or None)
    return encoded(Data(page), status, [(b"link", links.encode())] if len(links) <= LONGEST else ())
