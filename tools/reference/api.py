"""docs/reference/openapi.json: the description of the API as the server gives it, in lines that a diff can show."""

import json
from typing import Any

from angidi.app import BASE_PATH, FEATURES
from angidi.http.openapi.docs_page import describe


def described() -> dict[str, Any]:
    """Return the OpenAPI description."""
    return describe(FEATURES, BASE_PATH)


def description() -> str:
    """Return the file's text."""
    return json.dumps(described(), indent=2, ensure_ascii=False) + "\n"
