"""Validators of what is shown, and answers to those who ask whether it has changed (RFC 9110, section 13)."""

import gzip
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx
import pytest
from tests.support.api import Api

STRONG = re.compile(r'"[\x21\x23-\x7e]+"')
PUBLIC, PRIVATE, NOBODYS = "public, no-cache", "private, no-cache", "no-store"
LONG = "x" * 1500
OTHER = '"00000000-0000-0000-0000-000000000000-1-00000000"'


class Scene(NamedTuple):
    """An admin's headers, and where one of each resource is shown."""

    headers: dict[str, str]
    product: str
    category: str
    user: str

    @property
    def paths(self) -> list[str]:
        return [self.product, self.category, self.user, "/users/me"]


@pytest.fixture
async def scene(api: Api) -> Scene:
    admin = await api.make_admin()
    headers = api.as_(admin)
    category = await api.make_category(headers)
    product = await api.make_product(headers, category["id"])
    return Scene(headers, f"/products/{product['id']}", f"/categories/{category['id']}", f"/users/{admin.id}")


async def etag(api: Api, scene: Scene, path: str) -> str:
    return (await api.get(path, headers=scene.headers)).headers["etag"]


async def asked(api: Api, scene: Scene, path: str, known: str, method: str = "GET", **headers: str) -> httpx.Response:
    return await api.request(method, path, headers=scene.headers | {"If-None-Match": known} | headers)


async def test_what_is_shown_by_itself_has_a_strong_validator_and_may_be_kept_by_whom_it_is_for(
    api: Api, scene: Scene
) -> None:
    for path, kept in zip(scene.paths, [PUBLIC, PUBLIC, PRIVATE, PRIVATE], strict=True):
        answer = await api.get(path, headers=scene.headers)
        assert STRONG.fullmatch(answer.headers["etag"]), path
        assert answer.headers["cache-control"] == kept


async def test_who_has_it_is_told_so_and_nothing_else(api: Api, scene: Scene) -> None:
    for path in scene.paths:
        shown = await api.get(path, headers=scene.headers)
        for method in ("GET", "HEAD"):
            answer = await asked(api, scene, path, shown.headers["etag"], method, **{"X-Request-ID": "mine"})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["x-request-id"] == "mine"
            assert not {"content-type", "content-length", "content-encoding"} & {*answer.headers}
            for name in ("etag", "cache-control", "vary"):
                assert answer.headers[name] == shown.headers[name]


@pytest.mark.parametrize(
    "known", ["{}", "W/{}", "*", " * ", f"{OTHER}, {{}}", f"{OTHER},W/{{}}", '"a,b", {}, "c"', ', "", {} ,']
)
async def test_it_is_recognized_in_a_list_by_weak_comparison_and_by_a_star(api: Api, scene: Scene, known: str) -> None:
    mine = await etag(api, scene, scene.product)
    assert (await asked(api, scene, scene.product, known.format(mine))).status_code == 304


@pytest.mark.parametrize("known", [OTHER, "", '""', "{bare}", f"{OTHER}, *", '"{bare}x"', "W/"])
async def test_whoever_has_another_one_is_shown_it(api: Api, scene: Scene, known: str) -> None:
    bare = (await etag(api, scene, scene.product)).strip('"')
    answer = await asked(api, scene, scene.product, known.format(bare=bare))
    assert (answer.status_code, answer.json()["data"]["name"]) == (200, "Espresso cup")


async def test_several_headers_are_one_list(api: Api, scene: Scene) -> None:
    known = [("If-None-Match", OTHER), ("If-None-Match", await etag(api, scene, scene.product))]
    assert (await api.get(scene.product, headers=known)).status_code == 304


async def test_every_change_has_a_validator_of_its_own(api: Api, scene: Scene) -> None:
    seen = [await etag(api, scene, scene.product)]
    for name in ("Mug", "Cup", "Mug"):
        await api.put(scene.product, headers=scene.headers, json={"name": name})
        assert (await asked(api, scene, scene.product, seen[-1])).status_code == 200
        seen.append(await etag(api, scene, scene.product))
    await api.delete(scene.product, headers=scene.headers)
    assert (await asked(api, scene, scene.product, seen[-1])).status_code == 404
    await api.post(f"{scene.product}/restore", headers=scene.headers)
    seen.append(await etag(api, scene, scene.product))
    assert len(set(seen)) == 5


async def test_a_change_that_changes_nothing_leaves_the_validator(api: Api, scene: Scene) -> None:
    mine = await etag(api, scene, scene.product)
    await api.put(scene.product, headers=scene.headers, json={})
    assert await etag(api, scene, scene.product) == mine


Change = Callable[[Api, dict[str, str], list[dict[str, Any]]], Awaitable[object]]


async def rename_grandparent(api: Api, headers: dict[str, str], way: list[dict[str, Any]]) -> None:
    await api.put(f"/categories/{way[0]['id']}", headers=headers, json={"name": "Renamed"})


async def rename_parent(api: Api, headers: dict[str, str], way: list[dict[str, Any]]) -> None:
    await api.put(f"/categories/{way[1]['id']}", headers=headers, json={"name": "Renamed"})


async def move_parent(api: Api, headers: dict[str, str], way: list[dict[str, Any]]) -> None:
    await api.put(f"/categories/{way[1]['id']}", headers=headers, json={"parent_id": None})


async def move_it(api: Api, headers: dict[str, str], way: list[dict[str, Any]]) -> None:
    await api.put(f"/categories/{way[2]['id']}", headers=headers, json={"parent_id": way[0]["id"]})


async def delete_grandparent(api: Api, headers: dict[str, str], way: list[dict[str, Any]]) -> None:
    await api.delete(f"/categories/{way[0]['id']}", headers=headers)


@pytest.mark.parametrize("change", [rename_grandparent, rename_parent, move_parent, move_it, delete_grandparent])
async def test_a_category_has_another_validator_when_its_path_changes(api: Api, scene: Scene, change: Change) -> None:
    way: list[dict[str, Any]] = []
    for name in ("Kitchen", "Drinking", "Mugs"):
        way.append(await api.make_category(scene.headers, name, parent_id=way[-1]["id"] if way else None))
    path = f"/categories/{way[2]['id']}"
    before = await etag(api, scene, path)
    await change(api, scene.headers, way)
    answer = await asked(api, scene, path, before)
    assert answer.status_code == 200
    assert answer.headers["etag"] != before


async def test_an_answer_to_a_write_has_the_validator_of_what_it_shows_and_is_not_kept(api: Api, scene: Scene) -> None:
    user = await api.make_user()
    category = scene.category.rpartition("/")[2]
    writes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("PUT", scene.product, {"name": "Mug"}),
        ("POST", "/products", {"name": "Saucer", "price": 1, "category_id": category}),
        ("POST", f"{scene.product}/restore", None),
        ("PUT", scene.category, {"description": "To drink from"}),
        ("POST", "/categories", {"name": "Below", "parent_id": category}),
        ("PUT", "/users/me", {"name": "Another Name"}),
        ("PUT", f"/users/{user.id}", {"name": "Another Name"}),
        ("POST", f"/users/{user.id}/restore", None),
    ]
    for method, path, body in writes:
        answer = await api.request(method, path, headers=scene.headers, json=body)
        assert answer.status_code in {200, 201}, answer.text
        assert answer.headers["cache-control"] == NOBODYS
        kind = path.split("/")[1]
        shown = await api.get(f"/{kind}/{answer.json()['data']['id']}", headers=scene.headers)
        assert answer.headers["etag"] == shown.headers["etag"], path
        assert answer.json() == shown.json()


async def test_a_write_is_done_whatever_the_client_has(api: Api, scene: Scene) -> None:
    known = scene.headers | {"If-None-Match": await etag(api, scene, scene.product)}
    answer = await api.put(scene.product, headers=known, json={"name": "Mug"})
    assert (answer.status_code, answer.json()["data"]["name"]) == (200, "Mug")


@pytest.mark.parametrize("path", ["/products", "/categories", "/products/nope", "/users/me", "/nothing"])
async def test_lists_and_errors_are_kept_by_nobody(api: Api, path: str) -> None:
    answer = await api.get(path, headers={"If-None-Match": "*"})
    assert answer.status_code != 304
    assert answer.headers["cache-control"] == NOBODYS
    assert "etag" not in answer.headers


async def raw(api: Api, path: str, accepts: str, known: str = '""') -> tuple[httpx.Response, bytes]:
    request = api.build_request("GET", path, headers={"Accept-Encoding": accepts, "If-None-Match": known})
    answer = await api.send(request, stream=True)
    return answer, b"".join([part async for part in answer.aiter_raw()])


async def test_the_compressed_form_has_a_validator_of_its_own_and_either_is_recognized(api: Api, scene: Scene) -> None:
    await api.put(scene.product, headers=scene.headers, json={"description": LONG})
    (plain, content), (packed, compressed) = [await raw(api, scene.product, accepts) for accepts in ("br", "gzip")]
    assert gzip.decompress(compressed) == content
    assert plain.headers["etag"] != packed.headers["etag"]
    assert STRONG.fullmatch(packed.headers["etag"])
    for accepts, form in (("br", plain), ("gzip", packed)):
        for known in (plain, packed):
            answer, body = await raw(api, scene.product, accepts, known.headers["etag"])
            assert (answer.status_code, body) == (304, b"")
            assert answer.headers["etag"] == form.headers["etag"]
            assert "Accept-Encoding" in answer.headers["vary"]


async def test_who_may_not_see_it_is_not_told_whether_it_has_changed(api: Api, scene: Scene) -> None:
    mine = await etag(api, scene, scene.user)
    user = await api.make_user()
    for headers, status in (({}, 401), (api.as_(user), 403)):
        answer = await api.get(scene.user, headers=headers | {"If-None-Match": mine})
        assert answer.status_code == status


async def test_two_users_have_two_validators(api: Api, scene: Scene) -> None:
    user = await api.make_user()
    mine = await etag(api, scene, "/users/me")
    answer = await api.get("/users/me", headers=api.as_(user) | {"If-None-Match": mine})
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, str(user.id))


async def test_a_web_page_of_an_allowed_origin_may_ask(api: Api, scene: Scene) -> None:
    origin = "http://localhost:3000"
    asks = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    assert (
        "if-none-match"
        in (await api.options(scene.product, headers=asks)).headers["access-control-allow-headers"].lower()
    )
    answer = await asked(api, scene, scene.product, "*", Origin=origin)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (304, origin)
    assert "ETag" in answer.headers["access-control-expose-headers"]
