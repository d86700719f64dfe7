"""`get`, `post`, `put` and `delete`, as features declare their addresses.

They are Litestar's, but that a handler's dependencies are provided one after the other. Litestar provides those that do
not need each other in a group of tasks; ours never wait for anything, and the tasks cost more than all the rest of the
way to the handler.
"""

from functools import partial
from typing import Any

from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler


class Handler(HTTPRouteHandler):
    """A function and the address that it answers at."""

    def create_kwargs_model(self, path_parameters: Any) -> Any:
        """Return what the handler's arguments come from: Litestar's model, its batches split into single ones."""
        model = super().create_kwargs_model(path_parameters)
        model.dependency_batches = [{dependency} for batch in model.dependency_batches for dependency in batch]
        return model


get = partial(Handler, http_method=HttpMethod.GET)
post = partial(Handler, http_method=HttpMethod.POST)
put = partial(Handler, http_method=HttpMethod.PUT)
delete = partial(Handler, http_method=HttpMethod.DELETE)
