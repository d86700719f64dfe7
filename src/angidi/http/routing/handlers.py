"""`get`, `post`, `put` and `delete`, as features declare their addresses.

They are Litestar's, but for what stands between a request and the function, which there is made for more than we ask:

- Dependencies are provided one after the other. Litestar provides those that do not need each other in a group of
  tasks, which costs more than all the rest of the way to the function, and ours never wait. A provider takes the
  request, or nothing: then it provides the same each time.
- What a function returns, `Data` or nothing, is answered by our own response.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from litestar.di import Provide
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from angidi.http.core.responses import Data, JSONResponse

Extractor = Callable[[dict[str, Any], Any], Awaitable[None]]
"""How Litestar fills a function's arguments: it is given those so far, and the request."""


class Handler(HTTPRouteHandler):
    """A function and the address that it answers at."""

    def create_kwargs_model(self, path_parameters: Any) -> Any:
        """Return what the function's arguments come from: Litestar's model, with the dependencies as ours."""
        model: Any = super().create_kwargs_model(path_parameters)
        needed = [dependency for batch in model.dependency_batches for dependency in batch]
        model.extractors += [_provided(dependency.key, dependency.provide) for dependency in needed]
        model.dependency_batches = []
        return model

    async def to_response(self, app: Any, data: Any, request: Any) -> ASGIApp:
        """Return what sends the answer."""
        if data is None or isinstance(data, Data):
            data = JSONResponse(data)
        elif not isinstance(data, JSONResponse):
            litestars: Any = super()
            return await litestars.to_response(app, data, request)
        return data.to_asgi_response(app, request, status_code=self.status_code)


def _provided(name: str, provide: Provide) -> Extractor:
    """Return what puts the dependency among the arguments."""
    provider: Any = provide.dependency

    async def constant(arguments: dict[str, Any], request: Any) -> None:
        del request
        arguments[name] = always

    async def read(arguments: dict[str, Any], request: Any) -> None:
        arguments[name] = await provider(request)

    if inspect.signature(provider).parameters:
        return read
    always = provider()
    return constant


get = partial(Handler, http_method=HttpMethod.GET)
post = partial(Handler, http_method=HttpMethod.POST)
put = partial(Handler, http_method=HttpMethod.PUT)
delete = partial(Handler, http_method=HttpMethod.DELETE)
