"""The header If-Match, at the address of a user."""

from typing import Any

import pytest
from tests.support.api import Api, api_over, error_of

from angidi.config import Settings
from angidi.db import Database

URL = "/users/me/profile"


async def put(api: Api, headers: dict[str, str], *conditions: str) -> Any:
    given = [
        (name.encode(), value.encode())
        for name, value in [*headers.items(), *(("If-Match", each) for each in conditions)]
    ]
    return await api.put(URL, headers=given, json={"phone": "1"})


async def etag_of(api: Api, headers: dict[str, str]) -> str:
    return (await api.get(URL, headers=headers)).headers["etag"]


@pytest.mark.parametrize(
    "form",
    ["{}", '"other", {}', '{}, "other"', "*", '"{}-gzip"', '"x,y" , {}'],
    ids=["alone", "last", "first", "any", "compressed", "comma"],
)
async def test_a_tag_matches(api: Api, form: str) -> None:
    headers = api.as_(await api.make_user())
    etag = await etag_of(api, headers)
    assert (await put(api, headers, form.format(etag.strip('"') if "gzip" in form else etag))).status_code == 200


@pytest.mark.parametrize(
    "form", ["W/{}", '"other"', "nonsense", '""', '"-"', '"é"'], ids=["weak", "other", "none", "empty", "dash", "8-bit"]
)
async def test_a_tag_does_not_match(api: Api, form: str) -> None:
    headers = api.as_(await api.make_user())
    etag = await etag_of(api, headers)
    answer = await put(api, headers, form.format(etag))
    assert error_of(answer) == (412, "VERSION_MISMATCH")
    assert answer.headers["etag"] == await etag_of(api, headers) == etag


async def test_several_headers_are_one_list(api: Api) -> None:
    headers = api.as_(await api.make_user())
    assert (await put(api, headers, '"other"', await etag_of(api, headers))).status_code == 200


async def test_a_release_with_more_fields_does_not_make_a_tag_stale(api: Api) -> None:
    headers = api.as_(await api.make_user())
    of_another_schema = (await etag_of(api, headers)).rpartition("-")[0] + '-00000000"'
    assert (await put(api, headers, of_another_schema)).status_code == 200


async def test_a_shop_can_require_the_header(settings: Settings, db: Database) -> None:
    async with api_over(settings.model_copy(update={"require_if_match": True}), db) as api:
        headers = api.as_(await api.make_user())
        assert error_of(await put(api, headers)) == (428, "PRECONDITION_REQUIRED")
        assert (await put(api, headers, "*")).status_code == 200
