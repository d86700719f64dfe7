"""Profiles: how people want to be reached."""

import asyncio
from typing import Any

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.isolation import as_owner

URL = "/users/me/profile"


async def put(api: Api, headers: dict[str, str], *, match: str | None = None, **body: Any) -> Any:
    condition = {"If-Match": match} if match else {}
    return await api.put(URL, headers=headers | condition, json=body)


async def test_a_profile_that_was_never_written_is_empty_and_has_version_0(api: Api) -> None:
    user = await api.make_user()
    answer = await api.get(URL, headers=api.as_(user))
    expected = {"user_id": str(user.id), "phone": "", "address": "", "version": 0}
    assert (answer.status_code, answer.json()["data"]) == (200, expected)
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_the_etag_of_version_0_is_good_for_the_first_put(api: Api) -> None:
    headers = api.as_(await api.make_user())
    etag = (await api.get(URL, headers=headers)).headers["etag"]
    assert (await put(api, headers, match=etag, phone="1")).json()["data"]["version"] == 1
    answer = await put(api, headers, match=etag, phone="2")
    assert error_of(answer) == (412, "VERSION_MISMATCH")
    assert (await api.get(URL, headers=headers)).json()["data"]["phone"] == "1"


async def test_what_is_absent_stays_as_it_was(api: Api) -> None:
    headers = api.as_(await api.make_user())
    await put(api, headers, phone="+44 20 7946 0018", address="12 St James's Square")
    data = (await put(api, headers, phone="2")).json()["data"]
    assert (data["phone"], data["address"], data["version"]) == ("2", "12 St James's Square", 2)


@pytest.mark.parametrize("nothing", [None, "", "  "])
async def test_null_and_an_empty_text_clear_a_field(api: Api, nothing: str | None) -> None:
    headers = api.as_(await api.make_user())
    await put(api, headers, phone="1", address="2")
    data = (await put(api, headers, phone=nothing)).json()["data"]
    assert (data["phone"], data["address"]) == ("", "2")


async def test_a_put_that_changes_nothing_keeps_the_version(api: Api) -> None:
    headers = api.as_(await api.make_user())
    await put(api, headers, phone="1")
    assert [(await put(api, headers, **body)).json()["data"]["version"] for body in ({}, {"phone": "1"})] == [1, 1]


@pytest.mark.parametrize(("field", "length"), [("phone", 32), ("address", 500)])
async def test_a_text_has_its_longest_length(api: Api, field: str, length: int) -> None:
    headers = api.as_(await api.make_user())
    assert (await put(api, headers, **{field: "x" * length})).status_code == 200
    answer = await put(api, headers, **{field: "x" * (length + 1)})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [field])


async def test_everybody_has_a_profile_of_their_own(api: Api) -> None:
    ada, bob = await api.make_user("ada@shop.example"), await api.make_user("bob@shop.example")
    await put(api, api.as_(ada), phone="1")
    assert (await api.get(URL, headers=api.as_(bob))).json()["data"]["phone"] == ""


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_profile_needs_an_active_account(api: Api, method: str) -> None:
    user = await api.make_user()
    assert error_of(await api.request(method, URL, json={})) == (401, "MISSING_TOKEN")
    await api.delete("/users/me", headers=api.as_(user))
    assert error_of(await api.request(method, URL, headers=api.as_(user), json={})) == (401, "INVALID_TOKEN")


async def test_of_many_first_writes_with_the_etag_of_version_0_one_succeeds(pool_api: Api) -> None:
    headers = pool_api.as_(await pool_api.make_user())
    etag = (await pool_api.get(URL, headers=headers)).headers["etag"]
    answers = await asyncio.gather(*(put(pool_api, headers, match=etag, phone=str(n)) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]


ADA = {"email": "ada@shop.example", "password": "correct horse battery", "name": "Ada"}


async def test_a_registration_with_a_profile_writes_both(api: Api) -> None:
    profile = {"phone": "+44 20 7946 0018", "address": "12 St James's Square"}
    user = (await api.post("/users/register", json=ADA | {"profile": profile})).json()["data"]
    login = await api.post("/users/login", json={key: ADA[key] for key in ("email", "password")})
    headers = {"Authorization": f"Bearer {login.json()['data']['access_token']}"}
    assert (await api.get(URL, headers=headers)).json()["data"] == profile | {"user_id": user["id"], "version": 1}


async def test_a_registration_with_a_wrong_profile_makes_no_user(api: Api) -> None:
    answer = await api.post("/users/register", json=ADA | {"profile": {"phone": "1" * 33, "address": "a" * 501}})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["profile.phone", "profile.address"])
    assert (await api.post("/users/register", json=ADA)).status_code == 201


async def test_a_registration_whose_profile_the_database_refuses_makes_no_user(api: Api) -> None:
    await as_owner(api.database, "ALTER TABLE user_profiles ADD CONSTRAINT no_phone CHECK (phone = '')")
    answer = await api.post("/users/register", json=ADA | {"profile": {"phone": "1"}})
    assert answer.status_code >= 400
    assert (await api.post("/users/register", json=ADA)).status_code == 201
