"""Common passwords are refused where they are new, and nowhere else."""

import hashlib
from pathlib import Path

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import make, rows

from angidi.security import common_passwords
from angidi.security.common_passwords import LIST, is_common
from angidi.security.passwords import Passwords

EMAIL = "ada@shop.example"
FOLDER = Path(common_passwords.__file__).parent


async def register(api: Api, password: str, **fields: str) -> list[str]:
    """Register; return the fields that are refused."""
    body = {"email": EMAIL, "password": password, "name": "Ada", **fields}
    answer = await api.post("/users/register", json=body)
    return [] if answer.status_code == 201 else fields_of(answer)


@pytest.mark.parametrize("password", ["password", "12345678", "PassWord1", "QWERTYUIOP", "iloveyou", "p@ssw0rd"])
async def test_a_common_password_is_refused_in_whatever_case(api: Api, password: str) -> None:
    assert await register(api, password) == ["password"]


@pytest.mark.parametrize("password", ["Ada@Shop.Example", EMAIL])
async def test_the_own_address_is_no_password(api: Api, password: str) -> None:
    assert await register(api, password) == ["password"]
    assert await register(api, password, email="grace@shop.example") == []


async def test_a_common_password_is_named_beside_the_other_fields(api: Api) -> None:
    assert await register(api, "password", name="A") == ["password", "name"]


@pytest.mark.parametrize("password", [r'"a phrase\u0000"', r'"a phrase\ud800"', "123456789", "null", '["a phrase"]'])
async def test_what_is_no_text_is_no_password(api: Api, password: str) -> None:
    body = f'{{"email": "{EMAIL}", "password": {password}, "name": "Ada"}}'
    assert error_of(await api.post("/users/register", content=body))[0] == 400


async def test_who_has_a_common_password_logs_in(api: Api) -> None:
    password_hash = await Passwords().hash("password")
    await make(api.database, rows("users", {"email": EMAIL, "password_hash": password_hash}))
    assert (await api.post("/users/login", json={"email": EMAIL, "password": "password"})).status_code == 200


def test_the_list_is_the_one_that_its_readme_tells_of() -> None:
    content = (FOLDER / LIST).read_bytes()
    assert hashlib.sha256(content).hexdigest() in (FOLDER / LIST).with_name("README.md").read_text()
    listed = common_passwords._common_passwords()  # pyright: ignore[reportPrivateUsage] - what the file holds
    assert len(listed) == 10_000
    assert all(len(password) >= 8 and is_common(password.upper()) for password in listed)
