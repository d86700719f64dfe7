"""Forged tokens: each is refused, and what is wrong with it is all that is wrong: rightly made, it is accepted."""

import hmac
import json
import math
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.api import Api, error_of
from tests.support.shop import PASSWORD

from angidi.config import Settings

Claims = dict[str, Any]
HOUR = 3600
TIMES = ("iat", "nbf", "exp")


def changed(name: str, value: Any) -> Callable[[Claims], Claims]:
    return lambda claims: claims | {name: value}


def absent(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def shifted(name: str, seconds: int) -> Callable[[Claims], Claims]:
    return lambda claims: claims | {name: int(time.time()) + seconds}


def as_text(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: claims | {name: str(claims[name])}


NO_TIMES: dict[str, Any] = {
    "a boolean": True,
    "beyond all years": 10**30,
    "beyond a float": 10**400,
    "negative": -1,
    "not a number": math.nan,
    "infinite": math.inf,
    "null": None,
    "a list": [1],
    "an object": {"exp": 1},
}
ANY_KIND: dict[str, Callable[[Claims], Claims]] = {
    "of another issuer": changed("iss", "angidi"),
    "with a list of issuers": changed("iss", ["angidi-api"]),
    "with another claim": changed("admin", True),
    "for an audience": changed("aud", "angidi-api"),
    "without iss": absent("iss"),
    **{f"without {name}": absent(name) for name in TIMES},
    **{f"with {name} as text": as_text(name) for name in TIMES},
    **{f"with {name} {what}": changed(name, value) for name in TIMES for what, value in NO_TIMES.items()},
    "of a session that is no id": changed("sid", "1"),
    "of a session that is null": changed("sid", None),
    "of a session that never was": changed("sid", "0b5e2f66-0b5b-4d5e-9d55-000000000009"),
}
ACCESS = ANY_KIND | {
    "without a user": absent("user_id"),
    "without an address": absent("email"),
    "without a role": absent("role"),
    "of a user that is no id": changed("user_id", "1' OR '1'='1"),
    "of a user that is a number": changed("user_id", 7),
    "of the future": shifted("nbf", HOUR),
    "made in the future": shifted("iat", HOUR),
}
REFRESH = ANY_KIND | {
    "without a subject": absent("sub"),
    "without a session": absent("sid"),
    "without its id": absent("jti"),
    "of a subject that is no id": changed("sub", "1"),
    "with an id that is a number": changed("jti", 1),
    "expired": shifted("exp", -1),
}


class Forger:
    """Somebody who has the tokens of a session, and makes others of them."""

    def __init__(self, api: Api, key: str, tokens: Claims) -> None:
        self.api = api
        self.key = key
        self.access: str = tokens["access_token"]
        self.refresh: str = tokens["refresh_token"]

    def signed(self, claims: Claims, key: str | None = None, algorithm: str = "HS256") -> str:
        return signed(claims, self.key if key is None else key, algorithm)

    async def show(self, token: str) -> tuple[int, str]:
        """Return status and code of what an access token gives."""
        answer = await self.api.get("/users/me", headers={"Authorization": f"Bearer {token}"})
        return (200, "") if answer.status_code == 200 else error_of(answer)

    async def renew(self, token: str) -> tuple[int, str]:
        """Return status and code of what a refresh token gives."""
        answer = await self.api.post("/users/refresh-token", json={"refresh_token": token})
        return (200, "") if answer.status_code == 200 else error_of(answer)


@pytest.fixture
async def forger(api: Api, settings: Settings) -> Forger:
    user = await api.make_user()
    answer = await api.post("/users/login", json={"email": user.email, "password": PASSWORD})
    return Forger(api, (settings.angidi_home / "jwt-secret").read_text(), answer.json()["data"])


def claims_of(token: str) -> Claims:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed(claims: Claims, key: str, algorithm: str = "HS256", **head: Any) -> str:
    """Return a token, made without the library that verifies it, which refuses to make some of these."""
    parts = [_segment({"alg": algorithm, "typ": "JWT", **head}), _segment(claims)]
    text = ".".join(parts).encode()
    signature = b"" if algorithm == "none" else hmac.digest(key.encode(), text, f"sha{algorithm[2:]}")
    return ".".join([*parts, _base64(signature)])


def _segment(part: Claims) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


@pytest.mark.parametrize("forge", ACCESS.values(), ids=ACCESS)
async def test_a_forged_access_token_is_refused(forger: Forger, forge: Callable[[Claims], Claims]) -> None:
    claims = claims_of(forger.access)
    assert await forger.show(forger.signed(forge(claims))) == (401, "INVALID_TOKEN")
    assert await forger.show(forger.signed(claims)) == (200, "")


@pytest.mark.parametrize("forge", REFRESH.values(), ids=REFRESH)
async def test_a_forged_refresh_token_is_refused(forger: Forger, forge: Callable[[Claims], Claims]) -> None:
    claims = claims_of(forger.refresh)
    assert await forger.renew(forger.signed(forge(claims))) == (401, "INVALID_TOKEN")
    assert await forger.renew(forger.signed(claims)) == (200, "")


def unsigned(forger: Forger, token: str) -> str:
    return forger.signed(claims_of(token), "", "none")


def otherwise_signed(forger: Forger, token: str) -> str:
    return forger.signed(claims_of(token), forger.key, "HS512")


def signed_by_another_key(forger: Forger, token: str) -> str:
    return forger.signed(claims_of(token), "k" * 64)


def signed_by_no_key(forger: Forger, token: str) -> str:
    return forger.signed(claims_of(token), "")


def without_signature(forger: Forger, token: str) -> str:
    del forger
    return token.rpartition(".")[0] + "."


def with_the_signature_of_another(forger: Forger, token: str) -> str:
    other = forger.signed(claims_of(token) | {"exp": int(time.time()) + 7 * HOUR})
    return f"{token.rpartition('.')[0]}.{other.rpartition('.')[2]}"


def with_other_claims_under_the_signature(forger: Forger, token: str) -> str:
    del forger
    head, _, signature = token.split(".")
    claims = json.dumps(claims_of(token) | {"role": "admin"}).encode()
    return f"{head}.{urlsafe_b64encode(claims).decode().rstrip('=')}.{signature}"


def with_a_critical_extension(forger: Forger, token: str) -> str:
    return signed(claims_of(token), forger.key, crit=["exp"], exp=1)


FORGERIES = (
    unsigned,
    otherwise_signed,
    signed_by_another_key,
    signed_by_no_key,
    without_signature,
    with_the_signature_of_another,
    with_other_claims_under_the_signature,
    with_a_critical_extension,
)


@pytest.mark.parametrize("forge", FORGERIES)
async def test_a_token_is_taken_with_its_own_signature_only(
    forger: Forger, forge: Callable[[Forger, str], str]
) -> None:
    assert await forger.show(forge(forger, forger.access)) == (401, "INVALID_TOKEN")
    assert await forger.renew(forge(forger, forger.refresh)) == (401, "INVALID_TOKEN")
    assert await forger.show(forger.access) == await forger.renew(forger.refresh) == (200, "")


async def test_neither_kind_is_taken_for_the_other(forger: Forger) -> None:
    assert await forger.show(forger.refresh) == await forger.renew(forger.access) == (401, "INVALID_TOKEN")


async def test_the_session_of_somebody_else_is_none(forger: Forger) -> None:
    other = await forger.api.make_user("other@shop.example")
    sid = claims_of((await forger.api.log_in(other.id)).access_token)["sid"]
    for kind, use in ((forger.access, forger.show), (forger.refresh, forger.renew)):
        assert await use(forger.signed(claims_of(kind) | {"sid": sid})) == (401, "INVALID_TOKEN")
    for name, token, use in (("user_id", forger.access, forger.show), ("sub", forger.refresh, forger.renew)):
        assert await use(forger.signed(claims_of(token) | {name: str(other.id)})) == (401, "INVALID_TOKEN")


async def test_an_expired_access_token_is_told_so(forger: Forger) -> None:
    claims = claims_of(forger.access) | {"exp": int(time.time()) - 1}
    assert await forger.show(forger.signed(claims)) == (401, "EXPIRED_TOKEN")
