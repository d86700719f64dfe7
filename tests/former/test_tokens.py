"""Whoever was logged in at the former service stays so: its tokens hold while its key is the previous one."""

import pytest

from tests.former.tokens import access_token, refresh_token
from tests.support.api import Api, error_of


async def test_an_access_token_of_the_former_service_holds(successor: Api) -> None:
    user = await successor.make_user()
    headers = {"Authorization": f"Bearer {access_token(user.id)}"}
    answer = await successor.get("/users/me", headers=headers)
    assert answer.json()["data"]["id"] == str(user.id)


async def test_an_expired_access_token_of_the_former_service_is_told_so(successor: Api) -> None:
    headers = {"Authorization": f"Bearer {access_token((await successor.make_user()).id, lifetime=-1)}"}
    assert error_of(await successor.get("/users/me", headers=headers)) == (401, "EXPIRED_TOKEN")


async def test_a_refresh_token_of_the_former_service_gives_tokens_of_the_new_key(successor: Api, api: Api) -> None:
    user = await successor.make_user()
    answer = await successor.post("/users/refresh-token", json={"refresh_token": refresh_token(user.id)})
    tokens = answer.json()["data"]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await api.get("/users/me", headers=headers)).status_code == 200  # `api` does not know the former key
    again = await api.post("/users/refresh-token", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 200


@pytest.mark.parametrize("key", ["go-shop-2018", "go-shop-2019 ", ""])
async def test_a_token_that_another_key_signed_is_refused(successor: Api, key: str) -> None:
    headers = {"Authorization": f"Bearer {access_token((await successor.make_user()).id, key=key)}"}
    assert error_of(await successor.get("/users/me", headers=headers)) == (401, "INVALID_TOKEN")


async def test_without_the_former_key_its_tokens_are_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {access_token((await api.make_user()).id)}"}
    assert error_of(await api.get("/users/me", headers=headers)) == (401, "INVALID_TOKEN")
