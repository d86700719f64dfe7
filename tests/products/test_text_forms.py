"""The file of text forms beside the project: its products are found in every form of what was written."""

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from tests.support.api import Api
from tests.support.files import SHOP_FILES, Report, with_shop_files

from angidi.csvfiles import open_csv

pytestmark = [pytest.mark.anyio, with_shop_files]

Skus = Callable[..., Awaitable[list[str]]]


@pytest.fixture
async def skus(api: Api) -> Skus:
    """Return the SKUs that a list of products shows, after the import of the file."""
    headers = await api.admin_headers()
    for name in ("Home & Garden", "Books"):
        await api.make_category(headers, name)
    with open_csv(SHOP_FILES / "text-forms.csv") as file:
        await api.services.product_imports.import_file(file, on_refused=Report())

    async def listed(**query: str) -> list[str]:
        answer = await api.get("/products", params=query)
        return [product["sku"] for product in answer.json()["data"]["products"]]

    return listed


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_a_name_is_found_in_either_form(skus: Skus, form: Literal["NFC", "NFD"]) -> None:
    assert await skus(search=unicodedata.normalize(form, "göffel")) == ["N-1"]


@pytest.mark.parametrize("word", ["lyzka", "λογος", "grosses", "oeuf", "smorrebrod"])
async def test_a_word_is_found_without_its_accents(skus: Skus, word: str) -> None:
    assert await skus(q=word) == ["N-4"]


@pytest.mark.parametrize("parameter", ["q", "search"])
async def test_a_soft_hyphen_is_nothing_to_a_search(skus: Skus, parameter: str) -> None:
    assert await skus(**{parameter: "softcover"}) == ["N-2"]
