"""`POST /products/import`: a file in the body, and what is answered."""

import asyncio
import gzip
from typing import Any

import pytest
from tests.support.api import Api

from angidi.errors import Unavailable
from angidi.http.middleware.uploads import LARGE_BODY_LIMIT
from angidi.products.imports import service
from angidi.products.imports.service import MAX_CONCURRENT_UPLOADS
from angidi.products.imports.uploads import ImportQuery

pytestmark = pytest.mark.anyio

PATH = "/products/import"
FILE = "sku,name,price,stock,category\nA-1,Espresso cup,7.10,3,Cups\nA-2,X,free,1,Cups\n"


async def admin_of_a_shop(api: Api) -> dict[str, str]:
    headers = await api.admin_headers()
    await api.make_category(headers)
    return headers


async def sent(api: Api, headers: dict[str, str], content: str | bytes, query: str = "") -> dict[str, Any]:
    answer = await api.post(PATH + query, headers=headers, content=content)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def total(api: Api) -> int:
    return (await api.get("/products")).json()["data"]["total_count"]


async def error(api: Api, headers: dict[str, str], content: str | bytes, query: str = "") -> tuple[int, str, str]:
    answer = await api.post(PATH + query, headers=headers, content=content)
    failure = answer.json()["error"]
    return answer.status_code, failure["code"], failure["message"]


async def test_valid_rows_are_stored_and_the_others_refused_with_their_reasons(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    data = await sent(api, headers, FILE)
    assert (data["added"], data["changed"], data["unchanged"]) == (1, 0, 0)
    ((line, reasons),) = [(refused["line"], refused["reasons"]) for refused in data["refused"]]
    assert (line, [reason["column"] for reason in reasons]) == (3, ["name", "price"])
    assert await total(api) == 1
    assert (await sent(api, headers, FILE))["unchanged"] == 1


async def test_a_dry_run_stores_nothing(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    assert (await sent(api, headers, FILE, "?dry_run=true"))["added"] == 1
    assert await total(api) == 0


async def test_new_products_are_refused_where_only_existing_ones_are_meant(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    await sent(api, headers, FILE)
    data = await sent(api, headers, "sku,price\nA-1,7.50\nA-9,5\n", "?only_existing=true")
    assert (data["added"], data["changed"], [refused["line"] for refused in data["refused"]]) == (0, 1, [3])


async def test_a_file_of_a_spreadsheet_is_read(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    content = "sku;name;price;stock;category\r\nA-1;Löffel;7,50;3;Cups\r\n".encode("cp1252")
    assert (await sent(api, headers, content))["added"] == 1
    assert (await api.get("/products")).json()["data"]["products"][0]["name"] == "Löffel"


async def test_of_many_refused_rows_the_first_hundred_are_answered(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    rows = "".join(f"A-{number},Mug,free,1,Cups\n" for number in range(150))
    data = await sent(api, headers, "sku,name,price,stock,category\n" + rows)
    assert [refused["line"] for refused in data["refused"]] == list(range(2, 102))


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"{}", b"title,colour\nMug,red\n", b"\0\0\0\0", gzip.compress(FILE.encode()), b'sku,name\n"open'],
    ids=["empty", "blank", "JSON", "other columns", "NUL", "gzipped", "open quotation mark"],
)
async def test_a_file_that_cannot_be_read_is_an_invalid_request(api: Api, content: bytes) -> None:
    status, code, _ = await error(api, await admin_of_a_shop(api), content)
    assert (status, code) == (400, "INVALID_REQUEST")
    assert await total(api) == 0


async def test_a_wrong_parameter_and_a_large_file_are_refused(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    assert (await error(api, headers, FILE, "?dry_run=maybe"))[:2] == (400, "VALIDATION_ERROR")
    large = FILE + "x" * LARGE_BODY_LIMIT
    assert (await error(api, headers, large))[:2] == (413, "PAYLOAD_TOO_LARGE")


async def test_only_admins_may(api: Api) -> None:
    assert (await error(api, {}, FILE))[:2] == (401, "MISSING_TOKEN")
    assert (await error(api, api.as_(await api.make_user()), FILE))[:2] == (403, "FORBIDDEN")


async def test_few_run_at_a_time(pool_api: Api) -> None:
    await admin_of_a_shop(pool_api)
    imports = pool_api.services.product_imports
    calls = [imports.import_upload(FILE.encode(), ImportQuery()) for _ in range(MAX_CONCURRENT_UPLOADS + 1)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Unavailable) == 1
    assert (await imports.import_upload(FILE.encode(), ImportQuery())).unchanged == 1


async def test_a_file_that_takes_too_long_is_given_up_and_rolled_back(
    pool_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await admin_of_a_shop(pool_api)
    monkeypatch.setattr(service, "UPLOAD_TIME", 0.0)
    status, code, _ = await error(pool_api, headers, FILE)
    assert (status, code) == (503, "DATABASE_UNAVAILABLE")
    assert await total(pool_api) == 0


async def test_of_many_unknown_categories_the_first_hundred_are_answered_and_all_counted(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    rows = "".join(f"A-{number},Mug,1,1,C{number}\n" for number in range(150))
    data = await sent(api, headers, "sku,name,price,stock,category\n" + rows)
    assert [each["path"] for each in data["unknown_categories"]] == [f"C{number}" for number in range(100)]
    assert data["unknown_category_count"] == 150


async def test_a_file_of_blank_rows_does_not_keep_others_waiting(api: Api) -> None:
    headers = await admin_of_a_shop(api)
    content = FILE + "\n" * 1_000_000
    status, code, message = await error(api, headers, content)
    assert (status, code) == (400, "INVALID_REQUEST")
    assert "more than 100,000 blank rows" in message
