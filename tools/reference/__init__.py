"""Generated pages: docs/reference/ and .env.example, by `python -m tools.reference`."""

from collections.abc import Callable

from tools.reference import api, commands, errors, indexes, settings

PAGES: dict[str, Callable[[], str]] = {
    ".env.example": settings.env_example,
    "docs/reference/settings.md": settings.page,
    "docs/reference/errors.md": errors.page,
    "docs/reference/cli.md": commands.page,
    "docs/reference/openapi.json": api.description,
    "docs/database/INDEXES.md": indexes.page,
}
"""The generator of each file, by its path in the project."""
