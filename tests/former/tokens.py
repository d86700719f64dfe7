"""Tokens as the former service made them."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

FORMER_KEY = "go-shop-2019"
"""The key of the former service, which asked for no length."""


def go_token(claims: dict[str, Any], *, lifetime: int, key: str = FORMER_KEY) -> str:
    """Return a token as golang-jwt writes it: header and claims as compact JSON, times as whole seconds."""
    now = int(time.time())
    registered = {"iss": "angidi-api", "exp": now + lifetime, "nbf": now, "iat": now}
    parts = [_segment({"alg": "HS256", "typ": "JWT"}), _segment(claims | registered)]
    return b".".join([*parts, _base64(hmac.digest(key.encode(), b".".join(parts), "sha256"))]).decode()


def access_token(user_id: UUID, role: str = "user", *, lifetime: int = 900, key: str = FORMER_KEY) -> str:
    claims = {"user_id": str(user_id), "email": "somebody@shop.example", "role": role}
    return go_token(claims, lifetime=lifetime, key=key)


def refresh_token(user_id: UUID) -> str:
    return go_token({"sub": str(user_id)}, lifetime=7 * 86_400)


def _segment(part: dict[str, Any]) -> bytes:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")
