"""Texts of the OpenAPI description that many operations share: about the API as a whole, and its headers."""

from typing import Any

from angidi.http.core.errors import CHALLENGE

Json = dict[str, Any]

ABOUT = """\
The backend of an e-commerce platform: users, categories and products.

**Trying it out.** Every operation of this page can be executed as it opens, on a database with the sample data. Those
for users and admins need a token: execute `POST /users/register`, then `POST /users/login`; this page then sends the
token of the log-in with every request. Elsewhere, copy `access_token` from the answer to “Authorize”. An admin is made
by `angidi users create --admin`. Optional parameters are empty until you fill them in.

**Requests.** Unknown names in a query or a body are ignored, and so are a `min_price` or `max_price` that is not a
number or negative and a `max_price` of 0. A `page` or `page_size` that is out of range is replaced. A parameter with an
empty value counts as absent. An invalid id in a path is 404. Every other wrong value is 400 `VALIDATION_ERROR`, with
each field in `details`. With `Prefer: handling=strict`, what is otherwise ignored or replaced is 400 as well.

Names in a body are exact, or in any other case. Texts are trimmed and stored in NFC.

**Typed clients.** This page is made from [/openapi.json](/openapi.json). `docs/how-to/write-a-client.md` in the source
shows how to generate a client from it, and how it handles tokens, errors, pages and retries.
"""

BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The `access_token` of `POST /users/login`, without the word “Bearer”.",
}

PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "“handling=strict” (RFC 7240): what is otherwise ignored or replaced, such as an unknown name, is "
    "400. The answer has `Preference-Applied`. Other preferences are ignored.",
    "schema": {"type": "string", "examples": ["handling=strict", "handling=lenient"]},
}

_ETAG = '"0198c5a09d217d538b0e6d1f0a3c4e22-1-5f3c9a10"'

IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The validator of the client's copy: the answer is 304 if that is still current",
    "schema": {"type": "string", "examples": [_ETAG]},
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 255 printable ASCII characters, new for each action: a repetition within 24 hours gets the "
    "same answer, with `Idempotent-Replayed: true`, and changes nothing. Another request under the key is 422.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "examples": ["7c1e9a52-3f0d-4b8a-9c61-2d5e8f7a1b30"],
    },
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of what the client has read: if the resource has changed since, the answer is 412 and "
    "nothing changes. `*` stands for whatever is there. Without it the last write wins, unless the shop requires it.",
    "schema": {"type": "string", "examples": [_ETAG]},
}

_CHALLENGE = CHALLENGE.decode()

HEADERS: Json = {
    "X-Request-ID": {
        "description": "The id of the request: the client's own, or a new one. It stands in the server's log.",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        "example": "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a12",
    },
    "WWW-Authenticate": {
        "description": "The scheme of authentication (RFC 9110), and whether a token was refused (RFC 6750).",
        "required": True,
        "schema": {"type": "string", "enum": [_CHALLENGE, f'{_CHALLENGE}, error="invalid_token"']},
        "example": _CHALLENGE,
    },
    "Retry-After": {
        "description": "Seconds to wait before the request is repeated.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 2,
    },
    "Link": {
        "description": "Links to the first and the next page (RFC 8288); there is no “next” on the last page.",
        "required": True,
        "schema": {"type": "string"},
        "example": '</api/v1/users?cursor=lMQIJc2YMrZ9>; rel="next", </api/v1/users>; rel="first"',
    },
    "Location": {
        "description": "The path of what was created.",
        "required": True,
        "schema": {"type": "string"},
        "example": "/api/v1/products/0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22",
    },
    "ETag": {
        "description": "The validator of the resource, which every change changes: for `If-None-Match` of a read, and "
        "for `If-Match` of a change.",
        "required": True,
        "schema": {"type": "string"},
        "example": _ETAG,
    },
}
"""The headers of answers, by name."""


def header(name: str) -> Json:
    """Return a reference to one of `HEADERS`."""
    return {"$ref": f"#/components/headers/{name}"}
