"""If-Match on changes and deletions of products, categories and users."""

import asyncio
from typing import Any, NamedTuple

import pytest
from tests.support.api import Api, api_over, error_of

from angidi.config import Settings
from angidi.db import Database

NOBODY = "00000000-0000-0000-0000-000000000000"
KINDS = ["product", "category", "user", "me"]
MISSING = {"/products": "PRODUCT_NOT_FOUND", "/categories": "CATEGORY_NOT_FOUND", "/users": "USER_NOT_FOUND"}


class Scene(NamedTuple):
    """An admin's client, and where one of each resource is shown."""

    api: Api
    headers: dict[str, str]
    paths: dict[str, str]

    async def shown(self, kind: str) -> tuple[str, dict[str, Any]]:
        """Return the ETag and the data of a resource."""
        answer = await self.api.get(self.paths[kind], headers=self.headers)
        return answer.headers["etag"], answer.json()["data"]

    async def etag(self, kind: str) -> str:
        return (await self.shown(kind))[0]

    async def send(self, method: str, kind: str, known: str | None, **body: Any) -> Any:
        condition = {} if known is None else {"If-Match": known}
        json = body or ({"name": "Renamed"} if method == "PUT" else None)
        return await self.api.request(method, self.paths[kind], headers=self.headers | condition, json=json)


async def scene_of(api: Api) -> Scene:
    headers = await api.admin_headers()
    user, category = await api.make_user(), await api.make_category(headers)
    other = await api.make_category(headers, "Others")
    product = await api.make_product(headers, other["id"])
    await api.make_admin("other@shop.example")
    paths = {
        "product": f"/products/{product['id']}",
        "category": f"/categories/{category['id']}",
        "user": f"/users/{user.id}",
        "me": "/users/me",
    }
    return Scene(api, headers, paths)


@pytest.fixture
async def scene(api: Api) -> Scene:
    return await scene_of(api)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "status"), [("PUT", 200), ("DELETE", 204)])
async def test_what_is_as_the_client_knows_it_changes(scene: Scene, method: str, status: int, kind: str) -> None:
    assert (await scene.send(method, kind, await scene.etag(kind))).status_code == status


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_what_has_changed_since_stays_and_its_etag_is_told(scene: Scene, method: str, kind: str) -> None:
    known = await scene.etag(kind)
    await scene.send("PUT", kind, None, name="Meanwhile")
    present = await scene.shown(kind)
    answer = await scene.send(method, kind, known)
    assert error_of(answer) == (412, "VERSION_MISMATCH")
    assert (answer.headers["etag"], await scene.shown(kind)) == (present[0], present)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_answer_to_a_change_has_the_etag_for_the_next(scene: Scene, kind: str) -> None:
    first = await scene.send("PUT", kind, await scene.etag(kind))
    assert (await scene.send("PUT", kind, first.headers["etag"], name="Again")).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_a_change_of_nothing_is_compared_as_well(scene: Scene, kind: str) -> None:
    name = (await scene.shown(kind))[1]["name"]
    assert error_of(await scene.send("PUT", kind, '"other"', name=name)) == (412, "VERSION_MISMATCH")


@pytest.mark.parametrize("body", [{"unknown": 1}, {"name": ""}])
async def test_a_body_that_changes_nothing_is_compared_as_well(scene: Scene, body: dict[str, Any]) -> None:
    assert error_of(await scene.send("PUT", "product", '"other"', **body)) == (412, "VERSION_MISMATCH")
    assert (await scene.send("PUT", "product", "*", **body)).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_star_matches_whatever_is_there(scene: Scene, method: str, kind: str) -> None:
    assert (await scene.send(method, kind, "*")).is_success


@pytest.mark.parametrize("known", ['"other"', "*"])
@pytest.mark.parametrize(("path", "code"), MISSING.items(), ids=MISSING)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_what_is_not_there_is_not_found_first(
    scene: Scene, method: str, path: str, code: str, known: str
) -> None:
    nowhere = scene._replace(paths={"none": f"{path}/{NOBODY}"})
    assert error_of(await nowhere.send(method, "none", known)) == (404, code)


@pytest.mark.parametrize("kind", ["product", "user"])
async def test_what_is_deleted_is_not_found_first(scene: Scene, kind: str) -> None:
    known = await scene.etag(kind)
    await scene.send("DELETE", kind, None)
    assert (await scene.send("PUT", kind, known)).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
async def test_an_invalid_body_is_refused_first(scene: Scene, kind: str) -> None:
    assert error_of(await scene.send("PUT", kind, '"other"', name=1)) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_shop_can_require_the_header(settings: Settings, db: Database, method: str, kind: str) -> None:
    async with api_over(settings.model_copy(update={"require_if_match": True}), db) as api:
        scene = await scene_of(api)
        assert error_of(await scene.send(method, kind, None)) == (428, "PRECONDITION_REQUIRED")
        assert (await scene.send(method, kind, await scene.etag(kind))).is_success


async def test_a_category_is_compared_by_its_own_version(scene: Scene) -> None:
    parent = await scene.api.make_category(scene.headers, "Kitchen")
    await scene.send("PUT", "category", None, parent_id=parent["id"])
    known = await scene.etag("category")
    await scene.api.put(f"/categories/{parent['id']}", headers=scene.headers, json={"name": "Cooking"})
    assert known != await scene.etag("category")
    assert (await scene.send("PUT", "category", known)).status_code == 200


# Stock


async def sell(scene: Scene) -> None:
    """Take one piece out of the stock."""
    body = {"delta": -1, "reason": "Sold"}
    answer = await scene.api.post(f"{scene.paths['product']}/stock", headers=scene.headers, json=body)
    assert answer.status_code == 200


async def test_a_sale_changes_the_etag_of_a_product(scene: Scene) -> None:
    known = await scene.etag("product")
    await sell(scene)
    answer = await scene.api.get(scene.paths["product"], headers={"If-None-Match": known})
    assert (answer.status_code, answer.json()["data"]["stock"]) == (200, 2)


async def test_a_recount_is_refused_after_a_sale(scene: Scene) -> None:
    known = await scene.etag("product")
    await sell(scene)
    answer = await scene.send("PUT", "product", known, stock=7)
    assert (error_of(answer), answer.headers["etag"]) == ((412, "VERSION_MISMATCH"), await scene.etag("product"))
    assert (await scene.send("PUT", "product", await scene.etag("product"), stock=7)).status_code == 200


async def test_a_change_without_stock_is_made_after_a_sale(scene: Scene) -> None:
    known = await scene.etag("product")
    await sell(scene)
    answer = await scene.send("PUT", "product", known, name="Mocha cup", stock=None)
    assert (answer.status_code, answer.json()["data"]["stock"]) == (200, 2)


async def test_a_product_is_deleted_after_a_sale(scene: Scene) -> None:
    known = await scene.etag("product")
    await sell(scene)
    assert (await scene.send("DELETE", "product", known)).status_code == 204


# Races


async def count_up(scene: Scene, field: str, *, is_conditional: bool) -> int:
    """Let 20 clients add 1 to a number in a field 10 times each, all after all have read it; return how many may."""
    all_have_read = asyncio.Barrier(20)

    async def client() -> int:
        stored = 0
        for _ in range(10):
            known, product = await scene.shown("product")
            await all_have_read.wait()
            value = type(product[field])(int(product[field]) + 1)
            answer = await scene.send("PUT", "product", known if is_conditional else None, **{field: value})
            stored += answer.is_success
            await all_have_read.wait()
        return stored

    return sum(await asyncio.gather(*(client() for _ in range(20))))


@pytest.mark.parametrize("field", ["description", "stock"])
async def test_of_clients_that_race_with_if_match_none_loses_an_update(pool_api: Api, field: str) -> None:
    scene = await scene_of(pool_api)
    await scene.send("PUT", "product", None, stock=0, description="0")
    stored = await count_up(scene, field, is_conditional=True)
    assert 10 <= stored == int((await scene.shown("product"))[1][field])


async def test_without_the_header_updates_are_lost(pool_api: Api) -> None:
    """The control of the test above."""
    scene = await scene_of(pool_api)
    await scene.send("PUT", "product", None, description="0")
    stored = await count_up(scene, "description", is_conditional=False)
    assert stored == 200 > int((await scene.shown("product"))[1]["description"])
