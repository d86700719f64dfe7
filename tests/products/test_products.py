"""Products one by one."""

from typing import Any

import httpx
import pytest
from tests.support.api import Api, error_of

from angidi.db.rows import execute

UNKNOWN = "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22"
FULL = {
    "description": "Porcelain",
    "stock": 3,
    "image_url": "https://img.shop.example/cup.jpg",
    "sku": "CUP-080",
}


class Shop:
    """The API with an admin, a category and a product."""

    def __init__(self, api: Api, headers: dict[str, str], product: dict[str, Any]) -> None:
        self.api = api
        self.headers = headers
        self.product = product
        self.path = f"/products/{product['id']}"
        self.category = product["category_id"]

    async def shown(self) -> dict[str, Any]:
        return (await self.api.get(self.path)).json()["data"]

    async def change(self, **fields: object) -> dict[str, Any]:
        answer = await self.api.put(self.path, headers=self.headers, json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def delete(self, path: str | None = None) -> int:
        return (await self.api.delete(path or self.path, headers=self.headers)).status_code


@pytest.fixture
async def shop(api: Api) -> Shop:
    headers = await api.admin_headers()
    category = await api.make_category(headers)
    return Shop(api, headers, await api.make_product(headers, category["id"], **FULL))


async def test_a_product_is_created_and_read_back_with_its_exact_price(api: Api) -> None:
    admin = await api.admin_headers()
    category = await api.make_category(admin)
    made = await api.post(
        "/products",
        headers=admin,
        content=f'{{"name":" Espresso cup ","price":7.10,"category_id":"{category["id"]}"}}',
    )
    assert made.status_code == 201
    shown = await api.get(f"/products/{made.json()['data']['id']}")
    assert '"price":7.10' in shown.text
    assert shown.json()["data"]["name"] == "Espresso cup"
    assert shown.json()["data"]["stock"] == 0


async def test_a_product_has_the_fields_of_the_contract(shop: Shop) -> None:
    ours = {"created_at", "updated_at", "version"}
    assert set(shop.product) == {"id", "name", "price", "category_id"} | set(FULL) | ours
    assert FULL.items() <= shop.product.items()
    assert await shop.shown() == shop.product


async def test_a_description_is_always_there(shop: Shop) -> None:
    bare = await shop.api.make_product(shop.headers, shop.category)
    assert bare["description"] == ""


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("id_", ["nope", UNKNOWN, UNKNOWN[:-1], "+" + UNKNOWN[1:]])
async def test_an_unknown_product_is_not_found(shop: Shop, method: str, id_: str) -> None:
    body = {"stock": 1} if method == "PUT" else None
    answer = await shop.api.request(method, f"/products/{id_}", headers=shop.headers, json=body)
    assert error_of(answer) == (404, "PRODUCT_NOT_FOUND")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_only_admins_change_products(shop: Shop, method: str) -> None:
    path = "/products" if method == "POST" else shop.path
    user = await shop.api.make_user()
    assert error_of(await shop.api.request(method, path)) == (401, "MISSING_TOKEN")
    assert error_of(await shop.api.request(method, path, headers=shop.api.as_(user))) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Mug"), ("price", 3.25), ("description", "Stoneware"), ("sku", "MUG-1")],
)
async def test_what_is_absent_from_a_change_stays_as_it_was(shop: Shop, field: str, value: object) -> None:
    changed = await shop.change(**{field: value})
    assert changed == shop.product | {field: value, "updated_at": changed["updated_at"], "version": 2}
    assert await shop.shown() == changed


async def test_a_recount_of_the_stock_leaves_version_and_time_as_they_were(shop: Shop) -> None:
    await shop.api.database.write(execute, "UPDATE products SET updated_at = '2001-01-01'")
    recounted = await shop.change(stock=0, name=shop.product["name"])
    assert recounted == shop.product | {"stock": 0, "updated_at": "2001-01-01T00:00:00Z"}


async def test_a_change_of_nothing_changes_nothing(shop: Shop) -> None:
    await shop.api.database.write(execute, "UPDATE products SET updated_at = '2001-01-01'")
    assert (await shop.change())["updated_at"] == "2001-01-01T00:00:00Z"
    assert (await shop.change(unknown=1))["updated_at"] == "2001-01-01T00:00:00Z"


async def test_a_change_sets_the_time_of_it(shop: Shop) -> None:
    await shop.api.database.write(execute, "UPDATE products SET created_at = '2001-01-01', updated_at = '2001-01-01'")
    changed = await shop.change(price=1)
    assert changed["created_at"] == "2001-01-01T00:00:00Z"
    assert changed["updated_at"] > "2002"


async def test_null_clears_what_may_be_empty(shop: Shop) -> None:
    changed = await shop.change(description=None, image_url=None, sku=None)
    assert changed["description"] == ""
    assert not {"image_url", "sku"} & set(changed)


@pytest.mark.parametrize("blank", ["", "  "])
async def test_a_blank_url_or_sku_counts_as_absent_in_a_change(shop: Shop, blank: str) -> None:
    changed = await shop.change(image_url=blank, sku=blank)
    assert (changed["image_url"], changed["sku"]) == (FULL["image_url"], FULL["sku"])


async def test_a_blank_description_is_an_empty_one(shop: Shop) -> None:
    assert (await shop.change(description="  "))["description"] == ""


@pytest.mark.parametrize("blank", ["", "  ", None])
async def test_products_without_a_sku_never_clash(shop: Shop, blank: str | None) -> None:
    for _ in range(2):
        made = await shop.api.make_product(shop.headers, shop.category, sku=blank, image_url=blank)
        assert not {"image_url", "sku"} & set(made)


def holder_of(answer: httpx.Response) -> str:
    """Return the id of the product that, as the answer says, has the SKU."""
    (detail,) = answer.json()["error"]["details"]
    assert detail["field"] == "sku"
    return detail["message"].removeprefix("belongs to the product ")


async def test_a_sku_is_of_one_product(shop: Shop) -> None:
    other = await shop.api.make_product(shop.headers, shop.category)
    body = {"name": "Espresso cup", "price": 1, "category_id": shop.category, "sku": f" {FULL['sku']} "}
    answers = [
        await shop.api.post("/products", headers=shop.headers, json=body),
        await shop.api.put(f"/products/{other['id']}", headers=shop.headers, json={"sku": FULL["sku"]}),
    ]
    assert [error_of(answer) for answer in answers] == [(409, "SKU_EXISTS")] * 2
    assert [holder_of(answer) for answer in answers] == [shop.product["id"]] * 2


async def test_a_deleted_products_sku_is_free_again(shop: Shop) -> None:
    await shop.delete()
    again = await shop.api.make_product(shop.headers, shop.category, sku=FULL["sku"])
    assert again["sku"] == FULL["sku"]


async def test_a_deleted_product_is_not_found(shop: Shop) -> None:
    answer = await shop.api.delete(shop.path, headers=shop.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PUT", "DELETE"):
        body = {"stock": 1} if method == "PUT" else None
        answer = await shop.api.request(method, shop.path, headers=shop.headers, json=body)
        assert error_of(answer) == (404, "PRODUCT_NOT_FOUND")


async def test_a_restored_product_is_as_it_was(shop: Shop) -> None:
    await shop.delete()
    answer = await shop.api.post(f"{shop.path}/restore", headers=shop.headers)
    restored = answer.json()["data"]
    assert (answer.status_code, restored) == (200, shop.product | {"updated_at": restored["updated_at"], "version": 3})
    assert await shop.shown() == restored


async def test_restoring_what_is_not_deleted_changes_nothing(shop: Shop) -> None:
    await shop.api.database.write(execute, "UPDATE products SET updated_at = '2001-01-01'")
    answer = await shop.api.post(f"{shop.path}/restore", headers=shop.headers)
    assert (answer.status_code, answer.json()["data"]["updated_at"]) == (200, "2001-01-01T00:00:00Z")


async def test_a_product_whose_sku_is_taken_again_is_not_restored(shop: Shop) -> None:
    await shop.delete()
    holder = await shop.api.make_product(shop.headers, shop.category, sku=FULL["sku"])
    answer = await shop.api.post(f"{shop.path}/restore", headers=shop.headers)
    assert (error_of(answer), holder_of(answer)) == ((409, "SKU_EXISTS"), holder["id"])


@pytest.mark.parametrize("id_", ["nope", UNKNOWN])
async def test_an_unknown_product_is_not_restored(shop: Shop, id_: str) -> None:
    answer = await shop.api.post(f"/products/{id_}/restore", headers=shop.headers)
    assert error_of(answer) == (404, "PRODUCT_NOT_FOUND")


async def test_only_admins_restore(shop: Shop) -> None:
    user = await shop.api.make_user()
    assert error_of(await shop.api.post(f"{shop.path}/restore")) == (401, "MISSING_TOKEN")
    assert error_of(await shop.api.post(f"{shop.path}/restore", headers=shop.api.as_(user))) == (403, "FORBIDDEN")
