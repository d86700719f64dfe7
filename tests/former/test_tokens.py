"""Whoever was logged in at the former service stays so: its tokens hold while its key is the previous one."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from angidi.users.models import User
from tests.former.conftest import FORMER_KEY
from tests.support.api import Api, error_of


def go_token(claims: dict[str, Any], *, lifetime: int, key: str = FORMER_KEY) -> str:
    """Return a token as golang-jwt writes it: header and claims as compact JSON, times as whole seconds."""
    now = int(time.time())
    registered = {"iss": "angidi-api", "exp": now + lifetime, "nbf": now, "iat": now}
    parts = [_segment({"alg": "HS256", "typ": "JWT"}), _segment(claims | registered)]
    return b".".join([*parts, _base64(hmac.digest(key.encode(), b".".join(parts), "sha256"))]).decode()


def access_token(user: User, lifetime: int = 900, **options: Any) -> str:
    return go_token({"user_id": str(user.id), "email": user.email, "role": user.role}, lifetime=lifetime, **options)


def refresh_token(user: User, lifetime: int = 7 * 86_400) -> str:
    return go_token({"sub": str(user.id)}, lifetime=lifetime)


def _segment(part: dict[str, Any]) -> bytes:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")


async def test_an_access_token_of_the_former_service_holds(successor: Api) -> None:
    user = await successor.make_user()
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    answer = await successor.get("/users/me", headers=headers)
    assert answer.json()["data"]["id"] == str(user.id)


async def test_an_expired_access_token_of_the_former_service_is_told_so(successor: Api) -> None:
    headers = {"Authorization": f"Bearer {access_token(await successor.make_user(), -1)}"}
    assert error_of(await successor.get("/users/me", headers=headers)) == (401, "EXPIRED_TOKEN")


async def test_a_refresh_token_of_the_former_service_gives_tokens_of_the_new_key(successor: Api, api: Api) -> None:
    user = await successor.make_user()
    answer = await successor.post("/users/refresh-token", json={"refresh_token": refresh_token(user)})
    tokens = answer.json()["data"]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await api.get("/users/me", headers=headers)).status_code == 200  # `api` does not know the former key
    again = await api.post("/users/refresh-token", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 200


@pytest.mark.parametrize("key", ["go-shop-2018", "go-shop-2019 ", ""])
async def test_a_token_that_another_key_signed_is_refused(successor: Api, key: str) -> None:
    headers = {"Authorization": f"Bearer {access_token(await successor.make_user(), key=key)}"}
    assert error_of(await successor.get("/users/me", headers=headers)) == (401, "INVALID_TOKEN")


async def test_without_the_former_key_its_tokens_are_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {access_token(await api.make_user())}"}
    assert error_of(await api.get("/users/me", headers=headers)) == (401, "INVALID_TOKEN")
