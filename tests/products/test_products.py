"""Products through the API."""

from tests.support.api import Api, error_of


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


async def test_an_unknown_product_is_not_found(api: Api) -> None:
    assert error_of(await api.get("/products/nope")) == (404, "PRODUCT_NOT_FOUND")
