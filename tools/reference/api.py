"""docs/reference/openapi.json: the description of the API as the server gives it, in lines that a diff can show."""

import json
from typing import Any

from angidi.app import OPERATIONS
from angidi.http.openapi.generator import describe


def described() -> dict[str, Any]:
    """Return the OpenAPI description."""
    return describe(OPERATIONS)


def description() -> str:
    """Return the file's text."""
    return json.dumps(described(), indent=2, ensure_ascii=False) + "\n"
