"""Texts of the OpenAPI description that many operations share: about the API as a whole, and its headers."""

from typing import Any

Json = dict[str, Any]

ABOUT = """\
The backend of an e-commerce platform: users, categories and products.

Unknown names in a query or a body are ignored, and so is a `min_price` or `max_price` that is not a number. A `page` or
`page_size` that is out of range is replaced. An invalid id in a path is 404. Every other wrong value is 400
`VALIDATION_ERROR`, with each field in `details`. With `Prefer: handling=strict`, what is otherwise ignored or replaced
is 400 as well.
"""

LINK: Json = {
    "description": "Links to the first and the next page (RFC 8288); there is no “next” on the last page.",
    "required": True,
    "schema": {"type": "string"},
    "example": '</api/v1/users?role=admin&cursor=lMQIJc2YMrZ9>; rel="next", </api/v1/users?role=admin>; rel="first"',
}

PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "“handling=strict” (RFC 7240): what is otherwise ignored or replaced, such as an unknown name, is "
    "400. The answer has `Preference-Applied`.",
    "schema": {"type": "string", "enum": ["handling=strict", "handling=lenient"]},
    "example": "handling=strict",
}

ETAG: Json = {
    "description": "The validator of the resource, which every change changes. It is for reading: writes do not "
    "evaluate `If-Match`, and of two writers the last one wins.",
    "required": True,
    "schema": {"type": "string"},
    "example": '"0198c5a09d217d538b0e6d1f0a3c4e22-1-5f3c9a10"',
}
IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The validator of the client's copy: the answer is 304 if that is still current",
    "schema": {"type": "string"},
    "example": ETAG["example"],
}
NOT_MODIFIED: Json = {"description": "The client's copy is current.", "headers": {"ETag": ETAG}}
