"""Addresses to ship to."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import ADDRESS, make, many, rows

from angidi.users.addresses.errors import AddressTooLong
from angidi.users.addresses.service import MAXIMUM

URL = "/users/me/addresses"
FIELDS = [
    "id", "recipient", "line1", "line2", "city", "region", "postal_code", "country", "is_default", "created_at",
    "updated_at", "version",
]  # fmt: skip
UNKNOWN = "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"


async def create(api: Api, headers: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = await api.post(URL, headers=headers, json=ADDRESS | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def change(api: Api, headers: dict[str, str], address: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await api.put(f"{URL}/{address['id']}", headers=headers, json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def listed(api: Api, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    answer = await api.get(URL, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def defaults(api: Api, headers: dict[str, str]) -> list[str]:
    addresses = (await listed(api, headers, page_size=100))["addresses"]
    return [address["line1"] for address in addresses if address["is_default"]]


async def fill(api: Api, user_id: UUID, number: int) -> None:
    """Give a user so many addresses."""
    await make(api.database, many("addresses", number, user_id=user_id, is_default="n = 1"))


async def test_an_address_has_its_fields(api: Api) -> None:
    headers = api.as_(await api.make_user())
    given = ADDRESS | {"line2": "Flat 3", "region": "Greater London", "postal_code": "SW1Y 4JH"}
    address = await create(api, headers, **given)
    assert list(address) == FIELDS
    assert {name: address[name] for name in given} == given
    assert address["version"] == 1


async def test_what_an_address_may_lack_is_empty(api: Api) -> None:
    address = await create(api, api.as_(await api.make_user()), line2=None)
    assert [address[name] for name in ("line2", "region", "postal_code")] == ["", "", ""]


@pytest.mark.parametrize("field", ADDRESS)
@pytest.mark.parametrize("value", [None, "", " ", 7, "x" * 201])
async def test_a_wrong_field_is_refused(api: Api, field: str, value: object) -> None:
    answer = await api.post(URL, headers=api.as_(await api.make_user()), json=ADDRESS | {field: value})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [field])


async def test_what_is_required_is_named(api: Api) -> None:
    answer = await api.post(URL, headers=api.as_(await api.make_user()), json={})
    assert sorted(fields_of(answer)) == sorted(ADDRESS)


@pytest.mark.parametrize("country", ["XX", "GBR", "G", "\u017fk", "\u01c4"])
async def test_a_country_is_one_of_iso_3166(api: Api, country: str) -> None:
    answer = await api.post(URL, headers=api.as_(await api.make_user()), json=ADDRESS | {"country": country})
    assert fields_of(answer) == ["country"]


async def test_a_country_is_stored_in_capitals(api: Api) -> None:
    assert (await create(api, api.as_(await api.make_user()), country="de"))["country"] == "DE"


async def test_the_first_address_is_the_default_and_a_new_default_takes_it_over(api: Api) -> None:
    headers = api.as_(await api.make_user())
    first = await create(api, headers, is_default=False)
    assert first["is_default"]
    assert not (await create(api, headers))["is_default"]
    assert (await create(api, headers, line1="Third", is_default=True))["is_default"]
    assert await defaults(api, headers) == ["Third"]
    assert (await change(api, headers, first, is_default=True))["is_default"]
    assert await defaults(api, headers) == [ADDRESS["line1"]]


async def test_losing_the_default_is_a_change_of_the_address(api: Api) -> None:
    headers = api.as_(await api.make_user())
    first = await create(api, headers)
    await create(api, headers, is_default=True)
    assert [address["version"] for address in (await listed(api, headers))["addresses"]][-1] == first["version"] + 1


async def test_the_default_cannot_be_given_up(api: Api) -> None:
    headers = api.as_(await api.make_user())
    first = await create(api, headers)
    changed = await change(api, headers, first, is_default=False, line2="Flat 3")
    assert (changed["is_default"], changed["line2"]) == (True, "Flat 3")
    assert (await change(api, headers, first, is_default=False))["version"] == changed["version"]


async def test_when_the_default_is_deleted_the_oldest_left_becomes_it(pool_api: Api) -> None:
    headers = pool_api.as_(await pool_api.make_user())
    for line in ("First", "Second", "Third"):
        await create(pool_api, headers, line1=line)
    third, second, first = (await listed(pool_api, headers))["addresses"]
    assert (await pool_api.delete(f"{URL}/{first['id']}", headers=headers)).status_code == 204
    assert await defaults(pool_api, headers) == ["Second"]
    await pool_api.delete(f"{URL}/{third['id']}", headers=headers)
    assert await defaults(pool_api, headers) == ["Second"]
    await pool_api.delete(f"{URL}/{second['id']}", headers=headers)
    assert (await listed(pool_api, headers))["total_count"] == 0


async def test_what_is_absent_stays_and_null_clears(api: Api) -> None:
    headers = api.as_(await api.make_user())
    address = await create(api, headers, line2="Flat 3", region="Greater London")
    changed = await change(api, headers, address, line2=None, city="Bath")
    assert changed == address | {
        "line2": "", "city": "Bath", "version": 2, "updated_at": changed["updated_at"],
    }  # fmt: skip


async def test_the_list_has_pages_and_cursors(api: Api) -> None:
    user = await api.make_user()
    await fill(api, user.id, 5)
    page = await listed(api, api.as_(user), page_size=2)
    assert (page["total_count"], page["total_pages"], page["page"], len(page["addresses"])) == (5, 3, 1, 2)
    following = await listed(api, api.as_(user), cursor=page["next_cursor"])
    assert not {a["id"] for a in page["addresses"]} & {a["id"] for a in following["addresses"]}


async def test_the_51st_address_is_refused(api: Api) -> None:
    user = await api.make_user()
    await fill(api, user.id, MAXIMUM - 1)
    await create(api, api.as_(user))
    assert error_of(await api.post(URL, headers=api.as_(user), json=ADDRESS)) == (409, "TOO_MANY_ADDRESSES")


async def test_at_the_same_time_nobody_gets_a_51st_address_or_a_second_default(pool_api: Api) -> None:
    user = await pool_api.make_user()
    await fill(pool_api, user.id, MAXIMUM - 2)
    new = ADDRESS | {"is_default": True}
    answers = await asyncio.gather(*(pool_api.post(URL, headers=pool_api.as_(user), json=new) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, *[409] * 6]
    assert len(await defaults(pool_api, pool_api.as_(user))) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_anothers_address_is_as_unknown_as_a_missing_one(api: Api, method: str) -> None:
    theirs = await create(api, api.as_(await api.make_user("ada@shop.example")))
    headers = api.as_(await api.make_user("bob@shop.example"))
    for id_ in (theirs["id"], UNKNOWN, "nope"):
        answer = await api.request(method, f"{URL}/{id_}", headers=headers, json={})
        assert error_of(answer) == (404, "ADDRESS_NOT_FOUND")
    assert (await listed(api, headers))["addresses"] == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("PUT", f"/{UNKNOWN}"), ("DELETE", f"/{UNKNOWN}")]
)
async def test_addresses_need_an_active_account(api: Api, method: str, path: str) -> None:
    user = await api.make_user()
    assert error_of(await api.request(method, URL + path, json=ADDRESS)) == (401, "MISSING_TOKEN")
    await api.delete("/users/me", headers=api.as_(user))
    answer = await api.request(method, URL + path, headers=api.as_(user), json=ADDRESS)
    assert error_of(answer) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_stale_etag_changes_nothing(api: Api, method: str) -> None:
    headers = api.as_(await api.make_user())
    answer = await api.post(URL, headers=headers, json=ADDRESS)
    address, etag = answer.json()["data"], answer.headers["etag"]
    await change(api, headers, address, city="Bath")
    stale = await api.request(
        method, f"{URL}/{address['id']}", headers=headers | {"If-Match": etag}, json={"city": "Ely"}
    )
    assert error_of(stale) == (412, "VERSION_MISMATCH")
    assert (await listed(api, headers))["addresses"][0]["city"] == "Bath"
    fresh = headers | {"If-Match": stale.headers["etag"]}
    assert (await api.request(method, f"{URL}/{address['id']}", headers=fresh, json={"city": "Ely"})).is_success


@pytest.mark.parametrize(
    ("column", "longest"),
    [("recipient", 100), ("line1", 200), ("line2", 200), ("city", 100), ("region", 100), ("postal_code", 20)],
)
async def test_sql_stores_no_address_that_an_order_could_not_show(api: Api, column: str, longest: int) -> None:
    await api.make_user()
    await make(api.database, rows("addresses", {column: "x" * longest}))
    with pytest.raises(AddressTooLong):
        await make(api.database, rows("addresses", {column: "x" * (longest + 1)}))
