"""The API contract, answers: what holds for every call, whatever its row says."""

import pytest
from structlog.testing import capture_logs
from tests.contracts.api.rows import ADA, ADMIN, FORMER, NOBODY, Row, Scene
from tests.support.api import Api

from angidi.app import OPERATIONS
from angidi.http.routing.routes import PARAMETER

CHALLENGE = 'Bearer realm="angidi"'
GETS = sorted({operation.path for operation in OPERATIONS if operation.method == "GET"})
UNAUTHENTICATED = [
    Row("GET /users/me", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("GET /users/me", FORMER, None, 401, "INVALID_TOKEN"),
    Row("POST /products", NOBODY, {}, 401, "MISSING_TOKEN"),
    Row("GET /products?deleted=with", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("POST /users/login", NOBODY, {"email": "a@b", "password": "x"}, 401, "INVALID_CREDENTIALS"),
    Row("POST /users/refresh-token", NOBODY, {"refresh_token": "x"}, 401, "INVALID_TOKEN"),
]


@pytest.mark.parametrize("row", UNAUTHENTICATED, ids=[row.title for row in UNAUTHENTICATED])
async def test_a_401_names_the_scheme_that_it_wants(scene: Scene, row: Row) -> None:
    answer = await scene.call(row)
    scene.check(row, answer)
    sent = row.who != NOBODY
    assert answer.headers["www-authenticate"] == CHALLENGE + (', error="invalid_token"' if sent else "")


async def test_no_other_answer_asks_for_a_token(scene: Scene) -> None:
    for row in (Row("POST /products", ADA, {}, 403, "FORBIDDEN"), Row("GET /products/x", NOBODY, None, 404, None)):
        assert "www-authenticate" not in (await scene.call(row)).headers


@pytest.mark.parametrize("path", GETS)
async def test_head_answers_wherever_get_does(api: Api, path: str) -> None:
    headers = await api.admin_headers()
    url = "http://testserver" + PARAMETER.sub("x", path)
    shown, head = await api.get(url, headers=headers), await api.head(url, headers=headers)
    assert (head.status_code, head.content) == (shown.status_code, b"")
    assert head.headers.get("content-type") == shown.headers.get("content-type")


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=1, */*;q=0", "image/*", "nonsense", ""])
@pytest.mark.parametrize("path", ["/products", "/products/nope", "/users/me"])
async def test_no_accept_changes_an_answer(api: Api, path: str, accept: str) -> None:
    plain = await api.get(path)
    answer = await api.get(path, headers={"Accept": accept, "Accept-Charset": "x", "Accept-Language": "x"})
    assert answer.status_code == plain.status_code
    assert answer.headers["content-type"] == plain.headers["content-type"] == "application/json"


COSTS = [
    (Row("PUT /products/{product}", ADMIN, {"name": "Caf\u00e9", "stock": 1}, 200, None), 2),
    (Row("PUT /products/{product}", ADMIN, {"name": "", "price": 0, "stock": 1}, 200, None), 2),
    (Row("PUT /products/{product}", ADMIN, {"name": " Mug "}, 200, None), 3),
    (Row("PUT /products/{old}", ADMIN, {"image_url": "s3://shop/old lamp.jpg", "stock": 1}, 200, None), 3),
    (Row("PUT /users/me", ADA, {"name": "Countess"}, 200, None), 2),
]
"""Calls and their statements, one of which is the check of the account."""


@pytest.mark.parametrize(("row", "cost"), COSTS, ids=[row.title for row, _ in COSTS])
async def test_what_is_stored_is_read_only_where_a_value_is_in_doubt(scene: Scene, row: Row, cost: int) -> None:
    with capture_logs() as lines:
        assert (await scene.call(row)).status_code == row.status
    assert lines[-1]["statements"] == cost
