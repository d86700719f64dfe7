"""What the OpenAPI description says in the same words of many operations: the API as a whole, and its headers."""

from typing import Any

Json = dict[str, Any]

ABOUT = """\
The backend of an e-commerce platform: users, categories and products.

Names that are not known, in a query or a body, are passed over, and so is a `min_price` or `max_price` that is no
number; for a `page` or `page_size` that is out of range another one stands in; what is no id is not found. Every other
wrong value is 400 `VALIDATION_ERROR`, with each field in `details`. With `Prefer: handling=strict` what is passed over,
or has something else stand in for it, is 400 as well.
"""

LINK: Json = {
    "description": "Where the first and the next page are (RFC 8288); there is no “next” on the last page.",
    "required": True,
    "schema": {"type": "string"},
    "example": '</api/v1/users?role=admin&cursor=lMQIJc2YMrZ9>; rel="next", </api/v1/users?role=admin>; rel="first"',
}

PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "“handling=strict” (RFC 7240), to be told 400 of what is passed over otherwise: names that are not "
    "known, and values for which another stands in. The answer says `Preference-Applied`.",
    "schema": {"type": "string", "enum": ["handling=strict", "handling=lenient"]},
    "example": "handling=strict",
}

ETAG: Json = {
    "description": "The validator of what is shown; another one after every change. It is for reading: writes do not "
    "evaluate `If-Match`, and of two writers the last one wins.",
    "required": True,
    "schema": {"type": "string"},
    "example": '"0198c5a09d217d538b0e6d1f0a3c4e22-1-5f3c9a10"',
}
IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The validator of what the client has, to be told 304 if that is still so",
    "schema": {"type": "string"},
    "example": ETAG["example"],
}
NOT_MODIFIED: Json = {"description": "It is as the client has it.", "headers": {"ETag": ETAG}}
