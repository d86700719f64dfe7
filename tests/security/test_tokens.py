"""Access and refresh tokens."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from jwt import PyJWT

from angidi.security.sessions import RefreshClaims
from angidi.security.tokens import MAX_VERIFIED, TokenExpired, TokenInvalid, Tokens

SECRET = "k" * 32
jwt: Any = PyJWT()  # its annotations name types of an optional dependency
ID, SESSION = uuid4(), uuid4()
HEADER = {"alg": "HS256", "typ": "JWT"}
SECONDS = {"iat": int(time.time()), "nbf": int(time.time()), "exp": int(time.time()) + 600}


def make(secret: str = SECRET, previous: str | None = None, minutes: float = 15) -> Tokens:
    lifetime = timedelta(minutes=minutes)
    return Tokens(secret, access=lifetime, refresh=timedelta(days=7), previous_secret=previous)


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    usual = {"user_id": str(ID), "email": "a@b.example", "role": "user", "iss": "angidi-api"}
    times = {"iat": now, "nbf": now, "exp": now + timedelta(minutes=1)}
    return {name: value for name, value in (usual | times | changes).items() if value is not None}


def test_an_access_token_has_the_claims_of_the_contract() -> None:
    token = make().make_access(ID, "a@b.example", "admin")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer="angidi-api")
    assert set(claims) == {"user_id", "email", "role", "iss", "iat", "nbf", "exp"}
    assert claims["exp"] - claims["iat"] == 900


def refresh_claims() -> RefreshClaims:
    now = int(time.time())
    return RefreshClaims.begin(ID)._replace(issued_at=now, expires_at=now + 60)


def test_an_access_token_names_its_session() -> None:
    token = make().make_access(ID, "a@b.example", "admin", SESSION)
    assert jwt.decode(token, SECRET, algorithms=["HS256"], issuer="angidi-api")["sid"] == str(SESSION)
    assert make().read_access(token)[:2] == (ID, SESSION)


def test_a_refresh_token_says_what_it_was_made_of() -> None:
    token = make().make_refresh(refresh_claims())
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer="angidi-api")
    assert set(claims) == {"sub", "sid", "jti", "iss", "iat", "nbf", "exp"}
    read = make().read_refresh(token)
    assert make().make_refresh(read) == token


def test_a_refresh_token_has_one_successor_whatever_key_signs_it() -> None:
    first = refresh_claims()
    assert first.successor() == make("n" * 32).read_refresh(make("n" * 32).make_refresh(first)).successor()
    assert first.successor().hash != first.hash
    assert first.successor().session_id == first.session_id


def test_neither_kind_is_taken_for_the_other() -> None:
    tokens = make()
    with pytest.raises(TokenInvalid):
        tokens.read_access(tokens.make_refresh(refresh_claims()))
    with pytest.raises(TokenInvalid):
        tokens.read_refresh(tokens.make_access(ID, "a@b.example", "user"))


def test_an_expired_token_is_told_apart() -> None:
    with pytest.raises(TokenExpired):
        make().read_access(make(minutes=-1).make_access(ID, "a@b.example", "user"))


def test_a_former_key_is_taken_while_keys_are_changed() -> None:
    old = make().make_access(ID, "a@b.example", "user")
    assert make("n" * 32, previous=SECRET).read_access(old).user_id == ID
    with pytest.raises(TokenInvalid):
        make("n" * 32).read_access(old)


@pytest.mark.parametrize("key", ["s", "go-shop-2019", "k" * 31, "k" * 64, "k" * 65, "schlüssel"])
def test_a_previous_key_of_any_length_is_taken(key: str) -> None:
    """What signs here is the standard library's HMAC, as it was Go's there: PyJWT warns of short keys."""
    head, body = (urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (HEADER, claims(**SECONDS)))
    signature = urlsafe_b64encode(hmac.digest(key.encode(), head + b"." + body, "sha256")).rstrip(b"=")
    assert make(previous=key).read_access(b".".join([head, body, signature]).decode()).user_id == ID


@pytest.mark.parametrize("missing", ["iss", "iat", "nbf", "exp", "user_id", "email", "role"])
def test_a_token_without_one_of_the_claims_is_refused(missing: str) -> None:
    with pytest.raises(TokenInvalid):
        make().read_access(jwt.encode(claims(**{missing: None}), SECRET))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"user_id": "no id"},
        {"user_id": 7},
        {"sub": "x"},
        {"admin": True},
        {"exp": 10**400},
    ],
)
def test_a_token_with_odd_claims_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        make().read_access(jwt.encode(claims(**changes), SECRET))


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    key = None if algorithm == "none" else "k" * 64
    with pytest.raises(TokenInvalid):
        make("k" * 64).read_access(jwt.encode(claims(), key, algorithm=algorithm))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "e30.e30.", "." * 1000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        make().read_access(token)


def test_a_token_that_is_known_to_be_good_expires_all_the_same() -> None:
    tokens = make(minutes=2 / 60)
    token = tokens.make_access(ID, "a@b.example", "user")
    assert tokens.read_access(token).user_id == tokens.read_access(token).user_id == ID
    time.sleep(2.1)
    with pytest.raises(TokenExpired):
        tokens.read_access(token)


def test_so_many_tokens_are_known_and_no_more() -> None:
    tokens = make()
    for number in range(MAX_VERIFIED + 5):
        tokens.read_access(tokens.make_access(ID, f"{number}@b.example", "user"))
    assert tokens.cached == MAX_VERIFIED
