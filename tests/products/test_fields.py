"""The rules of a product's fields, alike in a new product and in a change."""

import json
from decimal import Decimal
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.api import Api, error_of, fields_of

from angidi.products.models import NewProduct
from angidi.validation.texts import NAME, PLAIN, SKU

FIELDS = NewProduct.__struct_fields__
UNKNOWN = "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22"

unchanged = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""All examples of a test run on one database: that is meant."""


class Shop(NamedTuple):
    """The API with an admin and a product."""

    api: Api
    headers: dict[str, str]
    product: dict[str, Any]

    async def send(self, method: str, **fields: str) -> httpx.Response:
        """Create a product or change one, by fields as JSON texts; a new one has what it needs besides."""
        needed = {"name": '"Espresso cup"', "price": "7.5", "category_id": f'"{self.product["category_id"]}"'}
        given = needed | fields if method == "POST" else fields
        content = "{" + ", ".join(f'"{name}": {value}' for name, value in given.items()) + "}"
        path = "/products" if method == "POST" else f"/products/{self.product['id']}"
        return await self.api.request(method, path, headers=self.headers, content=content.encode())


@pytest.fixture
async def shop(api: Api) -> Shop:
    headers = await api.admin_headers()
    category = await api.make_category(headers)
    return Shop(api, headers, await api.make_product(headers, category["id"]))


BOTH = pytest.mark.parametrize("method", ["POST", "PUT"])

REFUSED = {
    "name": ["null", "1", "[]", '""', '"   "', '"Cu"', '" Cu "', json.dumps("x" * 256)],
    "price": [
        "null", '"7.50"', '""', "true", "[]", "0", "0.00", "-0.0", "-1", "0.001", "7.505", "7.1000001", "1e-3",
        "99999999.991", "100000000", "1e8", "1e400",
    ],
    "stock": ["null", '"3"', "true", "-1", "1.5", "1.0", "1e2", "2147483648", "9223372036854775808"],
    "category_id": ["null", "1", '""', '"nope"', f'"{UNKNOWN}"', '"00000000-0000-0000-0000-000000000000"'],
    "description": ["1", "[]", json.dumps("x" * 2001)],
    "image_url": [
        "1", "[]", '"cup.jpg"', '"//img.shop.example/cup.jpg"', '"ftp://img.shop.example/cup.jpg"', '"https://"',
        '"javascript:alert(1)"', '"https://img.shop.example:65536/"', '"https://:80/"', '"https://[::1"',
        '"https://img.shop.example/a cup.jpg"',
        json.dumps("https://img.shop.example/" + "x" * 476),
    ],
    "sku": ["1", "[]", json.dumps("x" * 101)],
}  # fmt: skip
UNCHANGED = {
    "name": ["null", '""'],
    "price": ["null", "0", "0.0", "0.00", "-0.0"],
    "stock": ["null"],
    "category_id": ["null", '""'],
}
"""What a PUT passes over; `tests/contracts/api/test_unchanged.py` shows it."""

ACCEPTED = {
    "name": ['"Cup"', json.dumps("é" * 255)],
    "price": ["0.01", "1", "7.5", "7.50", "7.500", "75e-1", "1E1", "99999999.99", "1." + "0" * 20_000],
    "stock": ["0", "2147483647"],
    "description": ['""', json.dumps("é" * 2000), r'"a\nb"'],
    "image_url": [
        '"http://localhost/x"',
        '"https://img.shop.example:65535/"',
        json.dumps("https://img.shop.example/" + "x" * 475),
    ],
    "sku": ['"x"', json.dumps("é" * 100)],
}


@BOTH
@pytest.mark.parametrize("field", REFUSED)
async def test_a_value_beyond_the_rules_is_refused_by_its_field(shop: Shop, method: str, field: str) -> None:
    passed_over = UNCHANGED.get(field, []) if method == "PUT" else []
    for value in [value for value in REFUSED[field] if value not in passed_over]:
        answer = await shop.send(method, **{field: value})
        assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [field]), value


@BOTH
@pytest.mark.parametrize("field", ACCEPTED)
async def test_a_value_within_the_rules_is_kept(shop: Shop, method: str, field: str) -> None:
    for value in ACCEPTED[field]:
        answer = await shop.send(method, **{field: value})
        assert answer.is_success, answer.text
        assert answer.json()["data"][field] == json.loads(value)


@pytest.mark.parametrize("field", ["name", "price", "category_id"])
async def test_a_new_product_lacks_nothing_that_it_needs(shop: Shop, field: str) -> None:
    body = {name: value for name, value in shop.product.items() if name in FIELDS and name != field}
    answer = await shop.api.post("/products", headers=shop.headers, json=body)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [field])


@BOTH
async def test_every_failing_field_is_named_once(shop: Shop, method: str) -> None:
    answer = await shop.send(method, **dict.fromkeys(FIELDS, "[1]"))
    assert sorted(fields_of(answer)) == sorted(FIELDS)


@BOTH
async def test_texts_are_trimmed(shop: Shop, method: str) -> None:
    fields = {"name": "Mug", "description": "Stoneware", "sku": "MUG", "image_url": "https://img.shop.example/x"}
    padded = {name: json.dumps(f" \t{value}\n ") for name, value in fields.items()}
    answer = await shop.send(method, **padded)
    assert fields.items() <= answer.json()["data"].items()


@BOTH
async def test_nobody_sets_an_id_or_a_time(shop: Shop, method: str) -> None:
    wished = dict.fromkeys(("id", "created_at", "updated_at", "deleted_at"), f'"{UNKNOWN}"')
    answer = await shop.send(method, stock="1", **wished)
    assert answer.is_success
    assert UNKNOWN not in answer.text


@BOTH
async def test_under_strict_handling_an_unknown_field_is_named(shop: Shop, method: str) -> None:
    headers = shop.headers | {"Prefer": "handling=strict"}
    answer = await shop._replace(headers=headers).send(method, stock="1", colour='"red"')
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["colour"])
    assert answer.headers["preference-applied"] == "handling=strict"


@given(cents=st.integers(1, 9_999_999_999), zeros=st.integers(0, 3))
@unchanged
async def test_every_price_comes_back_digit_for_digit(shop: Shop, cents: int, zeros: int) -> None:
    price = f"{cents // 100}.{cents % 100:02}"
    answer = await shop.send("PUT", price=price + "0" * zeros)
    shown = await shop.api.get(f"/products/{shop.product['id']}")
    assert f'"price":{price},' in answer.text
    assert f'"price":{price},' in shown.text


@given(price=st.decimals(allow_nan=False, allow_infinity=False))
@unchanged
async def test_a_price_is_taken_exactly_when_it_is_a_sum_of_cents(shop: Shop, price: Decimal) -> None:
    answer = await shop.send("PUT", price=str(price))
    cents = price * 100 if abs(price) < 10**9 and price.as_tuple().digits[-40:] else Decimal("NaN")
    is_price = 0 <= price <= Decimal("99999999.99") and cents == cents.to_integral_value()
    assert answer.is_success == is_price, answer.text  # 0 is passed over


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON))
@unchanged
async def test_any_json_is_kept_or_refused_by_the_fields_that_are_wrong(shop: Shop, fields: dict[str, Any]) -> None:
    answer = await shop.send("PUT", **{name: json.dumps(value) for name, value in fields.items()})
    assert answer.status_code in {200, 400}
    if answer.is_success:
        assert all(
            is_kept(value, answer.json()["data"].get(name)) or json.dumps(value) in UNCHANGED.get(name, [])
            for name, value in fields.items()
        )
    elif answer.json()["error"]["code"] == "VALIDATION_ERROR":
        assert set(fields_of(answer)) <= set(fields)
        assert len(set(fields_of(answer))) == len(fields_of(answer))
    else:
        assert any("NaN" in text or "Infinity" in text for text in map(json.dumps, fields.values()))


def is_kept(value: object, shown: object) -> bool:
    """Tell whether what is shown is what was sent: in its normal form, and nothing where there is none."""
    if isinstance(value, str):
        return shown in {form.of(value) for form in (PLAIN, NAME, SKU)} or not value.strip()
    return shown in ("", None) if value is None else value == shown
